import type { ClusterHealth, NodeHealth } from "./swarm/health";

/** Rows of cells as lines with aligned columns; the first row is the head. Pure, as all here. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** The nodes of a cluster as people read them. */
export function nodeTable(nodes: readonly NodeHealth[]): string {
  const rows = nodes.map((node) => [node.name, node.zone, node.role, stateOf(node), node.address, node.host ?? "-"]);
  return align([["NODE", "ZONE", "ROLE", "STATE", "ADDRESS", "REACHED AT"], ...rows]);
}

function stateOf({ state, leader, reachable, availability, stale }: NodeHealth): string {
  return [
    state,
    ...(reachable === null ? [] : [leader ? "leader" : reachable ? "reachable" : "unreachable"]),
    ...(availability === null || availability === "active" ? [] : [availability]),
    ...(stale ? ["stale"] : []),
  ].join(", ");
}

/** The state of a cluster as people read it: the verdict first, what to do last. */
export function statusPage(health: ClusterHealth): string {
  const {
    clusterName,
    healthy,
    reasons,
    notes,
    quorum,
    zones,
    nodes,
    ingressAddress,
    demoUrl,
    staleNodes,
    autoscaler,
  } = health;
  const facts = [
    [
      "quorum",
      quorum === null
        ? "not known"
        : `${quorum.reachable} of ${quorum.managers} managers reachable, ${quorum.needed} needed, margin ${quorum.margin}`,
    ],
    ["ingress", ingressAddress ?? "none"],
    ...(demoUrl === null ? [] : [["demo", demoUrl]]),
    ["stale nodes", String(staleNodes)],
    ...(autoscaler === null
      ? []
      : [
          [
            "autoscaler",
            `${autoscaler.kind} (${autoscaler.at}): ${autoscaler.why}${autoscaler.host === null ? " No autoscaler runs." : ""}`,
          ],
        ]),
  ];
  const share = ({ ready, all }: { ready: number; all: number }): string =>
    quorum === null ? `? of ${all}` : `${ready} of ${all}`;
  const section = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `\n${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  return (
    `${clusterName}: ${healthy ? "healthy" : "not healthy"}\n` +
    align(facts.map(([name = "", value = ""]) => [`${name}:`, value])) +
    `\n${align([["ZONE", "MANAGERS READY", "WORKERS READY"], ...zones.map(({ zone, managers, workers }) => [zone, share(managers), share(workers)])])}` +
    `\n${nodeTable(nodes)}` +
    section("not healthy because", reasons) +
    section("to know", notes)
  );
}
