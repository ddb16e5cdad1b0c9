import { SettingsError } from "../settings/errors";
import { placeWorker } from "../settings/names";
import { freeOrdinal, planWorkerSets, type WorkerSets } from "../settings/ordinals";
import type { ClusterOutputs } from "../settings/outputs";
import type { Settings } from "../settings/schema";
import { wantedFaults } from "../settings/wanted";
import { UsageError } from "./errors";

type Worker = ClusterOutputs["nodes"][number];

/** The worker sets that an update shall leave, and those that they were made from. */
export interface Step {
  readonly wanted: WorkerSets;
  readonly expected: WorkerSets;
}

/**
 * The first step of a replacement: one worker more in the old one's group, by the lowest free ordinal. Pure.
 *
 * @param sets what the last update left.
 * @throws SettingsError when the limits leave no room for the new one beside the old.
 */
export function planAddition(settings: Settings, sets: WorkerSets, old: Worker): Step & { readonly added: string } {
  const base = planWorkerSets(settings.workerGroups, sets);
  const held = base[old.group] ?? [];
  const ordinal = freeOrdinal(held);
  const wanted = { ...base, [old.group]: [...held, ordinal].sort((a, b) => a - b) };
  return { ...check(settings, sets, wanted), added: placeWorker(settings.clusterName, old.group, old.zone, ordinal).name };
}

/**
 * The second step: the old worker goes. Pure.
 *
 * @returns undefined where it is gone already.
 * @throws SettingsError when too few would be left.
 */
export function planRemoval(settings: Settings, sets: WorkerSets, old: Worker): Step | undefined {
  const base = planWorkerSets(settings.workerGroups, sets);
  const held = base[old.group] ?? [];
  if (!held.includes(old.ordinal)) return undefined;
  return check(settings, sets, { ...base, [old.group]: held.filter((ordinal) => ordinal !== old.ordinal) });
}

function check(settings: Settings, sets: WorkerSets, wanted: WorkerSets): Step {
  const faults = wantedFaults(settings, sets, wanted, "workers");
  if (faults.length > 0) throw new SettingsError(faults, "worker set that a replacement needs");
  return { wanted, expected: sets };
}

/** Refuses what is no worker: managers have an order in which they may go, and a quorum to keep. */
export function requireWorker(node: Worker, stack: string): void {
  if (node.role === "worker") return;
  throw new UsageError(`${node.name}: a manager, and only workers are replaced by this; while the quorum's margin is 1 or more, use `
    + `\`pulumi up --stack ${stack} --replace <urn of its server>\` (docs/runbook.md, "A manager dies"; \`pulumi stack --show-urns\` has the urn).`);
}
