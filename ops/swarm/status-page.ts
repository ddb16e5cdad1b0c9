import { align } from "../table";
import type { ClusterHealth, NodeHealth } from "./health";

/** The nodes of a cluster as a table. Pure. */
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

/** The state of a cluster as a page of text: the verdict first, the advice last. Pure. */
export function statusPage(health: ClusterHealth): string {
  const { clusterName, healthy, reasons, notes, nodes } = health;
  return (
    `${clusterName}: ${healthy ? "healthy" : "not healthy"}\n` +
    align(factsOf(health).map(([name, value]) => [`${name}:`, value])) +
    `\n${zoneTable(health)}` +
    `\n${nodeTable(nodes)}` +
    section("not healthy because", reasons) +
    section("to know", notes)
  );
}

function factsOf(health: ClusterHealth): (readonly [name: string, value: string])[] {
  const { ingressAddress, demoUrl, staleNodes } = health;
  return [
    ["quorum", quorumText(health)],
    ["ingress", ingressAddress ?? "none"],
    ...(demoUrl === null ? [] : [["demo", demoUrl] as const]),
    ["stale nodes", String(staleNodes)],
    ...autoscalerFact(health),
  ];
}

function quorumText({ quorum }: ClusterHealth): string {
  return quorum === null
    ? "not known"
    : `${quorum.reachable} of ${quorum.managers} managers reachable, ${quorum.needed} needed, margin ${quorum.margin}`;
}

function autoscalerFact({ autoscaler }: ClusterHealth): (readonly [string, string])[] {
  if (autoscaler === null) return [];
  const { kind, at, why, host } = autoscaler;
  return [["autoscaler", `${kind} (${at}): ${why}${host === null ? " No autoscaler runs." : ""}`]];
}

function zoneTable({ quorum, zones }: ClusterHealth): string {
  // without an answer of the swarm nobody knows how many are ready
  const share = ({ ready, all }: { ready: number; all: number }): string =>
    quorum === null ? `? of ${all}` : `${ready} of ${all}`;
  const rows = zones.map(({ zone, managers, workers }) => [zone, share(managers), share(workers)]);
  return align([["ZONE", "MANAGERS READY", "WORKERS READY"], ...rows]);
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
