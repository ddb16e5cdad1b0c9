/** A node by its number of tasks. */
interface Laden {
  tasks: number;
}

/** Brings the number of tasks on the nodes to the wanted one, the least laden first. Returns how many found no room. */
export function spread(nodes: readonly Laden[], wanted: number, most: number): number {
  let running = nodes.reduce((sum, { tasks }) => sum + tasks, 0);
  const byLoad = [...nodes].sort((a, b) => a.tasks - b.tasks);
  for (let level = 0; level < most && running < wanted; level += 1) {
    for (const node of byLoad) {
      if (node.tasks > level || running >= wanted) break;
      node.tasks += 1;
      running += 1;
    }
    byLoad.sort((a, b) => a.tasks - b.tasks);
  }
  for (let index = byLoad.length - 1; index >= 0 && running > wanted; index -= 1) {
    const node = byLoad[index];
    const taken = Math.min(node?.tasks ?? 0, running - wanted);
    if (node !== undefined) node.tasks -= taken;
    running -= taken;
  }
  return Math.max(0, wanted - running);
}
