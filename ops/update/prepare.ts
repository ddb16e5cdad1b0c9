import * as pulumi from "@pulumi/pulumi";
import { clusterAccess, type ClusterAccess } from "../../settings/outputs";
import { refusal } from "../../settings/refusal";
import { leaveReport } from "../../settings/report";
import { noRepairs, type KeptParts, type Repairs } from "../../settings/specs";
import { desiredSwarm } from "../swarm/desired-swarm";
import { oneLook, withManager } from "../connection/managers";
import { messageOf } from "../errors";
import { guardUpdate, PlanRefusedError } from "../guard/guard-update";
import { endWithUpdate, isNested } from "../guard/nested-preview";
import { serverType } from "../guard/planned-nodes";
import { noteUpdate } from "../stack-state/locks";
import { sweepNetworks } from "../swarm/overlay-networks";
import { foretell, lookForLeftovers, noteEnd } from "../openstack/clear-leftovers";
import { knownBy } from "../openstack/cloud-thing";
import { reconcile } from "../swarm/reconcile";
import {
  readState,
  resourceNamed,
  unmadeServers,
  type PendingCreate,
  type StackState,
  type StateResource,
} from "../stack-state/state";

export interface Preparation extends StackState {
  readonly cluster: string;
  /** Number of the last complete update by the stack's outputs; 0 where there was none. */
  readonly serial: number;
  /** How the last complete update reached the cluster; absent where there was none. */
  readonly access?: ClusterAccess;
  /** What this update keeps in the swarm, or makes there. */
  readonly kept: KeptParts;
  readonly environment: NodeJS.ProcessEnv;
}

export interface Prepared {
  /** Every resource that the stack's state held before this update; empty in a preview. */
  readonly state: readonly StateResource[];
  /** Logical names of servers that exist and never ran. */
  readonly unmade: ReadonlySet<string>;
  /** What this update makes again in the swarm. */
  readonly repairs: Repairs;
  /** What killed updates were creating. */
  readonly pending: readonly PendingCreate[];
  /** Number of this update; in a preview that of the last complete one. */
  readonly serial: number;
}

/**
 * What a stack's state holds; in a preview nothing where it cannot be read, e.g. before it exists. The plan guard's
 * preview reads none: its update does. Read while the settings are. It is the first thing that an update does, so the
 * holder of its lock is noted beside it.
 */
export async function stateBefore(stack: string): Promise<StackState> {
  const none: StackState = { state: [], pending: [] };
  if (pulumi.runtime.isDryRun()) {
    if (!isNested(process.env)) return readState(stack).catch(() => none);
    await endWithUpdate(process.env);
    return none;
  }
  const noted = noteUpdate(stack, process.env).catch((error: unknown) => {
    process.stderr.write(`Could not record the holder of the lock: ${messageOf(error)}\n`);
  });
  const state = await refused("State", readState(stack));
  await noted;
  return state;
}

/**
 * What an update does before its first resource: it looks at the state and the cloud, refuses what it must not do, and
 * removes what an earlier update left behind. Whatever else has to be checked or repaired first belongs here, beside
 * the sweep where it does not depend on it: every update waits for this. A preview changes nothing and contacts no
 * machine: it says what the update would remove or refuse, where the cloud can be asked.
 *
 * @throws RunError with what stops the update; nothing is touched then.
 */
export async function prepareUpdate(preparation: Preparation): Promise<Prepared> {
  const { state, pending } = preparation;
  if (pulumi.runtime.isDryRun()) {
    await foretell(preparation);
    return { state: [], pending: [], unmade: new Set(), repairs: noRepairs, serial: preparation.serial };
  }
  const [repairs, serial] = await Promise.all([repairsFor(preparation), judgeAndClear(preparation)]);
  return { state, pending, unmade: unmadeServers(state), repairs, serial };
}

/**
 * Judges the plan and looks for leftovers at the same time. Only the removal waits for both: where one of them refuses
 * the update, nothing is touched.
 *
 * @returns the number of this update.
 */
async function judgeAndClear(preparation: Preparation): Promise<number> {
  const [plan, leftovers] = await Promise.allSettled([judgePlan(preparation), lookForLeftovers(preparation, say)]);
  if (plan.status === "fulfilled" && leftovers.status === "fulfilled") return refused("Leftovers", leftovers.value());
  const words = [faultOf("Plan", plan), faultOf("Leftovers", leftovers)].flat().join("\n");
  if (plan.status === "rejected" && plan.reason instanceof PlanRefusedError)
    leaveReport(preparation.environment, { kind: "plan-refused", words });
  throw refusal(words);
}

async function judgePlan({ state, environment }: Preparation): Promise<void> {
  // where there is no server there is nothing to lose; who may reach what, the settings' own rules say
  if (!state.some(({ type }) => type === serverType)) return;
  await guardUpdate({ stack: pulumi.getStack(), environment, now: new Date(), say });
}

function faultOf(subject: string, step: PromiseSettledResult<unknown>): string[] {
  return step.status === "rejected" ? [`${subject}: ${messageOf(step.reason)}`] : [];
}

/** What is to be made again in the swarm, where there is one. */
async function repairsFor({ cluster, state, access, kept }: Preparation): Promise<Repairs> {
  const { mark } = knownBy(cluster, state);
  if (access === undefined || mark === undefined) return noRepairs;
  return reconcile({ access, desired: desiredSwarm(state, kept), mark, say, now: Date.now() });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Ends the program with a message and no stack trace where a step fails. */
async function refused<T>(subject: string, step: Promise<T>): Promise<T> {
  return step.catch((error: unknown) => {
    throw refusal(`${subject}: ${messageOf(error)}`);
  });
}

/**
 * The access to the cluster, once the swarm is without shared networks that a killed update made and did not note.
 * Where no manager answers, e.g. since a destruction was killed, whatever needs one says more.
 *
 * @param networks names of the shared networks that the program wants.
 */
export function onceNetworksSwept(
  { state, pending, repairs }: Prepared,
  cluster: string,
  networks: readonly string[],
  access: pulumi.Output<string>,
  mark: pulumi.Output<string>,
): pulumi.Output<string> {
  const unnoted =
    resourceNamed(state, `${cluster}-managers-init`) === undefined
      ? []
      : networks.filter(
          (network) =>
            resourceNamed(state, `${cluster}-overlay-${network}`) === undefined || repairs.networks.has(network),
        );
  return unnoted.length === 0
    ? access
    : pulumi.all([access, mark]).apply(async ([text, own]) => {
        await withManager(
          clusterAccess.parse(JSON.parse(text)),
          (manager) => sweepNetworks(manager, unnoted, own, pending, say),
          oneLook,
        ).catch((error: unknown) => {
          say(`Could not look for leftover networks of the swarm: ${messageOf(error)}`);
        });
        return text;
      });
}

/**
 * The number of this update, noted on the cloud when all of it is done; the stack's outputs have it from then on. In a
 * preview it is the last one's, so that it shows no change.
 *
 * @param done what has to be there first.
 */
export function serialOnceDone(
  { serial }: Prepared,
  cluster: string,
  mark: pulumi.Output<string>,
  done: readonly pulumi.Resource[],
): pulumi.Output<number> {
  if (pulumi.runtime.isDryRun()) return pulumi.output(serial);
  return pulumi.all([mark, pulumi.all(done.map(({ urn }) => urn))]).apply(async ([own]) => {
    await noteEnd(cluster, own, serial, process.env);
    return serial;
  });
}
