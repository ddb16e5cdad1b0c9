import { policyDefaults, type Policy } from "../autoscaler/model/policy";
import type { TracePoint } from "../autoscaler/simulation/trace";
import { worldDefaults } from "../autoscaler/simulation/world";
import { zones } from "./fake/docker-answers";

const pointSeconds = 300;
const points = (24 * 3600) / pointSeconds + 1;

/** The hour in which a zone is lost, in points of the trace. */
const lost = { zone: "az4", from: 120, until: 132 };

/**
 * A day of a cluster in ten zones: its load is lowest at midnight and needs all of the workers at noon, a zone is lost
 * for an hour in the morning. Pure.
 *
 * @param workers most workers, a multiple of a hundred.
 */
export function dayOf(workers: number): { readonly policy: Policy; readonly trace: readonly TracePoint[] } {
  const groups = zones.map((name) => ({ name, zone: name, min: 1, max: workers * 0.12 }));
  const policy: Policy = {
    ...policyDefaults,
    groups,
    min: workers * 0.03,
    max: workers,
    maxStepNodes: { out: workers * 0.05, in: workers * 0.01 },
  };
  const cores = workers * worldDefaults.nodeSize.cpu;
  // at noon a tenth above the threshold that asks for more
  const [night, noon] = [0.05, policy.scaleOutCpuRatio * 1.1];
  const trace = Array.from({ length: points }, (_, index): TracePoint => {
    const cpuCores =
      cores * ((night + noon) / 2 - ((noon - night) / 2) * Math.cos((index / (points - 1)) * 2 * Math.PI));
    return {
      at: index * pointSeconds * 1000,
      cpuCores,
      reservedCores: cpuCores * 1.1,
      zonesDown: index >= lost.from && index < lost.until ? [lost.zone] : [],
      bootFailures: [],
      metrics: true,
    };
  });
  return { policy, trace };
}
