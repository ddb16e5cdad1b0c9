import type { ClusterOutputs } from "../settings/outputs";
import { withManager } from "./docker";
import { messageOf } from "./errors";
import { readOutputs } from "./input";
import { listNodes, type SwarmNodeState } from "./nodes";

/**
 * The nodes of a cluster as people read them, and the demo's address.
 *
 * @param outputs the stack's outputs, secrets in clear, as `pulumi stack output --json --show-secrets` prints them.
 */
export async function nodeTable(outputs: unknown): Promise<string> {
  const cluster = readOutputs(outputs);
  const states = await withManager(cluster.access, listNodes).catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    return [] as SwarmNodeState[];
  });
  const rows = [["NODE", "ZONE", "ROLE", "STATE", "ADDRESS", "REACHED AT"], ...cluster.nodes.map((node) => row(cluster, states, node))];
  const demo = cluster.demoUrl === undefined ? [] : ["", `demo: ${cluster.demoUrl}`, `open: curl ${cluster.demoUrl}   (or in a browser)`];
  return [...align(rows), ...demo].join("\n");
}

function row(cluster: ClusterOutputs, states: readonly SwarmNodeState[], node: ClusterOutputs["nodes"][number]): string[] {
  const state = states.find(({ Description, Status }) => Description?.Hostname === node.name && Status.State === "ready")
    ?? states.find(({ Description }) => Description?.Hostname === node.name);
  const host = cluster.access.managers.find(({ name }) => name === node.name)?.host ?? "-";
  return [node.name, node.zone, node.role, `${stateOf(state)}${node.stale ? ", stale" : ""}`, node.address, host];
}

function stateOf(state: SwarmNodeState | undefined): string {
  if (state === undefined) return "unknown";
  const extra = [
    state.ManagerStatus?.Leader === true ? "leader" : state.ManagerStatus?.Reachability,
    state.Spec.Availability === "active" ? undefined : state.Spec.Availability,
  ].filter((part) => part !== undefined);
  return [state.Status.State, ...extra].join(", ");
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}
