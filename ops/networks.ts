import { markLabel } from "../settings/names";
import type { DockerNode } from "./docker";

/**
 * Removes overlay networks that an update made and was killed before it could note them; the next one would be refused for
 * their names. What does not bear the stack's own mark is somebody else's. Fails where one is in use.
 */
export async function sweepNetworks({ api }: Pick<DockerNode, "api">, names: readonly string[], mark: string, say: (line: string) => void): Promise<void> {
  const marked = await api.listNetworks({ filters: { driver: ["overlay"], label: [`${markLabel}=${mark}`] } });
  for (const { Id, Name } of marked.filter((network) => names.includes(network.Name))) {
    say(`network ${Name} (${Id}) was left behind by an update that was killed; it is removed.`);
    await api.getNetwork(Id).remove();
  }
}
