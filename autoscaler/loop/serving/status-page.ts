import { drawTimeline, escape } from "../../simulation/chart-svg";
import type { NodeSeen } from "../../model/observation";
import { nodeKey } from "../../model/observation";
import type { Timeline } from "../../simulation/simulate";
import { minimumOf } from "../../decision/situation";
import type { Gate } from "../../model/verdict";
import { count, percent } from "../../model/wording";
import { zoneConditions, zoneNames } from "../../decision/zone-health";
import type { Tick } from "../loop";
import { countNodes, targetNodes } from "../summary";

const style = `
  :root { color-scheme: light dark; --paper: #fff; --card: #f6f8fa; --ink: #1f2328; --faint: #59636e; --grid: #d1d9e0; --good: #1a7f37; --bad: #b42318; --move: #9a6700; }
  @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --card: #161b22; --ink: #e6edf3; --faint: #9198a1; --grid: #30363d; --good: #56d364; --bad: #ff8b80; --move: #d29922; } }
  * { box-sizing: border-box; } body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; background: var(--paper);
  * color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
  h1 { font-size: 1.3rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 1.75rem 0 .5rem; } p { margin: .25rem 0; } .faint { color: var(--faint); }
  .verdict { border-left: 4px solid var(--faint); background: var(--card); padding: .6rem .9rem; margin: .9rem 0; }
  .verdict.scale-out { border-color: var(--bad); } .verdict.scale-in { border-color: var(--good); } .verdict.blocked { border-color: var(--bad); }
  .zones { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .75rem; } .zone { background: var(--card); border: 1px solid var(--grid); border-radius: 6px; padding: .6rem .75rem; }
  .zone h3 { margin: 0; font-size: .95rem; } .zone ul { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem; margin: .5rem 0 0; padding: 0; }
  .node { border: 1px solid var(--grid); border-radius: 4px; padding: .05rem .4rem; font-size: .82rem; }
  .node.ready { border-color: var(--good); } .node.down, .node.unknown { border-color: var(--bad); color: var(--bad); } .node.draining, .node.coming { border-style: dashed; border-color: var(--move); color: var(--move); }
  table { border-collapse: collapse; width: 100%; font-size: .88rem; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--grid); } th { color: var(--faint); font-weight: 500; }
  td.open { color: var(--good); } td.closed { color: var(--bad); } td.kind, td time { white-space: nowrap; } .table { overflow-x: auto; } svg { width: 100%; height: auto; }`;

/** What the page shows. */
export interface Status {
  readonly cluster: string;
  readonly tick: Tick;
  readonly timeline: Timeline | undefined;
  /** Seconds after which the browser asks anew. */
  readonly refreshSeconds: number;
}

/**
 * The page of an autoscaler: what it decided and why, the zones with their workers, load against thresholds, the last
 * decisions.
 */
export function statusPage({ cluster, tick, timeline, refreshSeconds }: Status): string {
  const { verdict, at, active, record } = tick;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="${refreshSeconds}">
<title>${escape(cluster)}: autoscaler</title><style>${style}
</style></head><body>
<header><h1>${escape(cluster)}: autoscaler</h1><p class="faint">${active ? "active" : "standing by"}, last look <time>${clock(at)}</time> UTC</p></header>
<main>
<section class="verdict ${verdict.kind}" aria-label="verdict"><strong>${verdict.kind}</strong><p>${escape(verdict.why)}</p></section>
${topology(tick)}${timeline === undefined ? "" : `<section aria-label="load"><h2>Load and workers</h2>${drawTimeline(timeline, `${cluster} since ${clock(timeline.frames[0]?.at ?? at)}`)}</section>`}
${decisions(record?.decisions ?? [])}${gates(tick.gates)}
</main></body></html>
`;
}

function topology(tick: Tick): string {
  const { policy, seen, decision, at } = tick;
  if (policy === undefined || seen === undefined || decision === undefined) return "";
  const counts = countNodes(tick);
  const zones = zoneConditions(policy, new Map(), decision.memory, at);
  const { from } = minimumOf(policy, at);
  const cards = zoneNames(policy).map((zone) => {
    const here = seen.nodes.filter((node) => node.zone === zone);
    const coming = decision.memory.inFlight.filter((node) => node.zone === zone && node.failed === undefined);
    const cpu = seen.zoneCpu[zone];
    const condition = zones.get(zone);
    return (
      `<article class="zone"><h3>${escape(zone)}</h3><p class="faint">${count(counts.get(zone)?.ready ?? 0, "worker")} ready${cpu === undefined ? "" : `, CPU ${percent(cpu.ratio)}`}</p>` +
      `${condition === undefined || condition.condition === "healthy" ? "" : `<p>${escape(condition.why)}</p>`}<ul>${here.map(nodeItem).join("")}` +
      `${coming.map((node) => `<li class="node coming" title="on the way since ${clock(node.since)}">${escape(nodeKey(node))}</li>`).join("")}</ul></article>`
    );
  });
  return `<section aria-label="zones"><h2>Workers by zone</h2><p class="faint">${targetNodes(tick)} wanted; ${escape(from)}, the max of ${policy.max}</p><div class="zones">${cards.join("")}</div></section>\n`;
}

function nodeItem(node: NodeSeen): string {
  const { state, tasks, name } = node;
  return `<li class="node ${state}" title="${escape(`${name}: ${state}, ${count(tasks.length, "task")}`)}">${escape(nodeKey(node))}</li>`;
}

function decisions(all: readonly { readonly at: number; readonly kind: string; readonly why: string }[]): string {
  const rows = all
    .slice(0, 15)
    .map(
      ({ at, kind, why }) =>
        `<tr><td><time>${clock(at)}</time></td><td class="kind">${kind}</td><td>${escape(why)}</td></tr>`,
    );
  return rows.length === 0
    ? ""
    : `<section aria-label="decisions"><h2>Last decisions</h2><div class="table"><table><thead><tr><th>when (UTC)</th><th>what</th><th>why</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div></section>\n`;
}

function gates(all: readonly Gate[]): string {
  const rows = all.map(
    ({ name, side, role, passed, value, needs }) =>
      `<tr><td>${escape(name)}</td><td>${side}, ${role}</td><td class="${passed ? "open" : "closed"}">${passed ? "yes" : "no"}</td><td>${escape(value)}</td><td>${escape(needs)}</td></tr>`,
  );
  return rows.length === 0
    ? ""
    : `<section aria-label="gates"><h2>Gates</h2><div class="table"><table><thead><tr><th>gate</th><th>bears on</th><th>passes</th><th>value</th><th>needs</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

/** "2026-11-24 10:00:05" */
function clock(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
