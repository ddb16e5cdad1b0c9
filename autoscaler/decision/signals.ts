import type { NodeSeen } from "../model/observation";
import { admits, lotOf, type Lot } from "./packing";
import { isCancellable, sizeOf, sumOfCores, type Situation } from "./situation";
import { count, names, percent } from "../model/wording";

/** What is short by less than this is rounding. */
export const negligibleCores = 1e-9;

/** What the CPU figure asks for. */
export interface CpuSignal {
  /** It asks for more nodes, or at least for those that are draining. */
  readonly wants: boolean;
  /** It asks for new ones, not only for those that are draining. */
  readonly wantsNew: boolean;
  /** Cores that are missing to bring the utilisation down to the threshold. */
  readonly missingCores: number;
  readonly value: string;
}

/**
 * CPU above the threshold, nodes on their way counted: while they bring the utilisation down to the threshold, no more
 * are asked for. Where a node is draining, the load counts that the others will have.
 */
export function cpuSignal(situation: Situation): CpuSignal {
  const { cpu, policy, ready, coming, leaving, usedCores } = situation;
  if (cpu === undefined) return { wants: false, wantsNew: false, missingCores: 0, value: situation.metrics.value };
  const threshold = policy.scaleOutCpuRatio;
  const groups = new Map(policy.groups.map((group) => [group.name, group]));
  const comingCores = coming.reduce((sum, { group }) => {
    const known = groups.get(group);
    return sum + (known === undefined ? 0 : sizeOf(situation, known).cpu);
  }, 0);
  const cores = sumOfCores(ready) + comingCores;
  const share = usedCores / cores;
  const drained = leaving.filter(isCancellable);
  const high = cpu.ratio > threshold;
  const measured = `CPU of the cluster is ${percent(cpu.ratio, threshold)} over ${policy.windowSeconds} s`;
  const { saturation } = policy;
  const wanted =
    cpu.ratio >= saturation.cpuRatio
      ? Math.max(usedCores / threshold, sumOfCores(ready) * saturation.factor)
      : usedCores / threshold;
  const missingCores = wanted - cores;
  const isShort = missingCores > negligibleCores;
  return {
    wants: isShort && (high || drained.length > 0),
    wantsNew: isShort && high,
    missingCores,
    value:
      high && !isShort
        ? `${measured} and comes to ${percent(share, threshold)} with ${names(coming)} on the way`
        : !high && isShort && drained.length > 0
          ? `${measured} and would be ${percent(share, threshold)} without ${names(drained)}`
          : measured,
  };
}

/** Utilisation of the cluster without the given nodes. Where none would be left, none without tasks is missed. */
export function ratioWithout({ ready, usedCores }: Situation, gone: readonly NodeSeen[]): number {
  const left = sumOfCores(ready) - sumOfCores(gone);
  if (left > 0) return usedCores / left;
  return gone.every(({ tasks }) => tasks.length === 0) ? 0 : Infinity;
}

/** Utilisation of the cluster without an average node: whether any could go at all. */
export function ratioWithoutOne(situation: Situation): number {
  const { ready, usedCores } = situation;
  return ready.length > 1 ? usedCores / (sumOfCores(ready) * (1 - 1 / ready.length)) : ratioWithout(situation, ready);
}

/** Tasks that more nodes can help: those that lack resources, of which some group's nodes may have them. */
export function pendingLots({ seen }: Situation): Lot[] {
  return seen.pending.filter(({ cause, count: number }) => cause === "insufficient-resources" && number > 0).map(lotOf);
}

/** "3 tasks of web, 1 task of api". */
export function tasksOf(lots: readonly Lot[]): string {
  return lots.map((lot) => `${count(lot.count, "task")} of ${lot.service}`).join(", ");
}

/** "16 CPU and 2.0 GiB each". */
export function needOf({ need }: Lot): string {
  return `${need.cpu} CPU and ${(need.memoryBytes / 2 ** 30).toFixed(1)} GiB each`;
}

/** Groups whose nodes may have tasks of the lot. */
export function admitted({ policy }: Situation, lot: Lot): Situation["policy"]["groups"] {
  return policy.groups.filter(({ name }) => admits(lot, name));
}
