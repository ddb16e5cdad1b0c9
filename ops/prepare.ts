import * as pulumi from "@pulumi/pulumi";
import { clusterAccess, type ClusterAccess } from "../settings/outputs";
import { refusal } from "../settings/refusal";
import { noRepairs, type KeptParts, type Repairs } from "../settings/specs";
import { desiredSwarm } from "./desired";
import { oneLook, withManager } from "./docker";
import { messageOf } from "./errors";
import { guardUpdate, PlanRefusedError } from "./guard/guard";
import { serverType } from "./guard/nodes";
import { noteUpdate } from "./locks";
import { sweepNetworks } from "./networks";
import { reconcile } from "./reconcile";
import { readState, resourceNamed, unmadeServers, type StateResource } from "./state";
import { knownBy, sweepBeforeUpdate } from "./sweep";

export interface Preparation {
  readonly cluster: string;
  /** What the stack's state holds, of `stateBefore`. */
  readonly state: readonly StateResource[];
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
}

/**
 * What a stack's state holds; nothing in a preview, which has nothing to look for on the cloud. Read while the settings are. It is
 * the first thing that an update does, so the holder of its lock is noted beside it.
 */
export async function stateBefore(stack: string): Promise<readonly StateResource[]> {
  if (pulumi.runtime.isDryRun()) return [];
  const noted = noteUpdate(stack, process.env).catch((error: unknown) => { process.stderr.write(`The holder of the lock was not noted: ${messageOf(error)}\n`); });
  const state = await refused("State", readState(stack));
  await noted;
  return state;
}

/**
 * What an update does before its first resource: it looks at the state and the cloud, refuses what it must not do, and removes
 * what an earlier update left behind. Whatever else has to be checked or repaired first belongs here, beside the sweep where it
 * does not depend on it: every update waits for this. A preview changes nothing and contacts no machine, so it does nothing here.
 *
 * @throws RunError with what stops the update; nothing is touched then.
 */
export async function prepareUpdate(preparation: Preparation): Promise<Prepared> {
  if (pulumi.runtime.isDryRun()) return { state: preparation.state, unmade: new Set(), repairs: noRepairs };
  const [repairs] = await Promise.all([repairsFor(preparation), judgeAndSweep(preparation)]);
  return { state: preparation.state, unmade: unmadeServers(preparation.state), repairs };
}

async function judgeAndSweep({ cluster, state, environment }: Preparation): Promise<void> {
  // where there is no server there is nothing to lose; who may reach what, the settings' own rules say
  if (state.some(({ type }) => type === serverType)) await refused("Plan", guardUpdate({ stack: pulumi.getStack(), environment, now: new Date(), say }));
  await refused("Leftovers", sweepBeforeUpdate(cluster, state, environment));
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
  return step.catch((error: unknown) => { throw refusal(`${subject}: ${messageOf(error)}`, error instanceof PlanRefusedError ? "plan-guard" : undefined); });
}

/**
 * The access to the cluster, once the swarm is without shared networks that a killed update made and did not note. Where
 * no manager answers, e.g. since a destruction was killed, whatever needs one says more.
 *
 * @param networks names of the shared networks that the program wants.
 */
export function onceNetworksSwept(
  { state, repairs }: Prepared, cluster: string, networks: readonly string[], access: pulumi.Output<string>, mark: pulumi.Output<string>,
): pulumi.Output<string> {
  const unnoted = resourceNamed(state, `${cluster}-managers-init`) === undefined ? []
    : networks.filter((network) => resourceNamed(state, `${cluster}-overlay-${network}`) === undefined || repairs.networks.has(network));
  return unnoted.length === 0 ? access : pulumi.all([access, mark]).apply(async ([text, own]) => {
    await withManager(clusterAccess.parse(JSON.parse(text)), (manager) => sweepNetworks(manager, unnoted, own, say), oneLook)
      .catch((error: unknown) => { say(`Nobody looked for networks of the swarm that an earlier update may have left: ${messageOf(error)}`); });
    return text;
  });
}
