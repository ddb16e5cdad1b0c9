import * as pulumi from "@pulumi/pulumi";
import type { ClusterAccess } from "../../settings/outputs";
import { readConsent } from "./consent";
import { messageOf, OperationError } from "../errors";
import { hasUnknown, refusalOf, title, type Behind, type Judgement } from "./leftovers";
import { findGroups } from "./find-marked";
import { knownBy, type CloudThing, type Known } from "./cloud-thing";
import { OpenStack } from "./client";
import { isBehind, noteSerial, serialIn } from "./update-serial";
import type { StackState } from "../stack-state/state";
import { judgeCloud, lookAtCloud, sweep, type Evidence } from "./sweep";

/** An update and the state that it begins with. */
export interface Beginning extends StackState {
  readonly cluster: string;
  /** Number of the last complete update by the stack's outputs; 0 where there was none. */
  readonly serial: number;
  readonly access?: ClusterAccess;
  readonly environment: NodeJS.ProcessEnv;
}

/** A state held against the cloud. */
interface Comparison {
  readonly evidence: Evidence;
  readonly judgement: Judgement;
  /** Where the state is older than the cloud and nobody consented to that. */
  readonly behind: Behind | undefined;
  /** Number of this update. */
  readonly serial: number;
  readonly groups: readonly CloudThing[];
}

/**
 * Looks on the cloud for what killed updates left behind. Changes nothing.
 *
 * @returns what removes it and notes that this update begins, to be called once nothing else refuses the update; it
 *   returns the update's number.
 * @throws OperationError where the state is older than the cloud, or where the cloud has what is no proven leftover.
 */
export async function lookForLeftovers(
  beginning: Beginning,
  say: (line: string) => void,
): Promise<() => Promise<number>> {
  const known = knownBy(beginning.cluster, beginning.state);
  // before the first resource there is nothing that could have been left behind
  if (known.mark === undefined) return () => Promise.resolve(beginning.serial + 1);
  const cloud = await OpenStack.open(beginning.environment);
  const { evidence, judgement, behind, serial, groups } = await compare(cloud, beginning, known, say);
  const refusal = refusalOf(judgement, behind);
  if (refusal !== undefined) throw new OperationError(refusal);
  return async () => {
    if (judgement.leftovers.length > 0) await sweep(cloud, evidence);
    await noted(
      groups
        .filter(({ id }) => known.ids.has(id))
        .map((group) => noteSerial(cloud, group, { number: serial, ended: false })),
    );
    return serial;
  };
}

/**
 * Says in a preview what the update would remove or refuse; that the cloud cannot be asked is no fault of a preview.
 * Contacts no machine of the cluster.
 */
export async function foretell({ cluster, serial, state, pending, environment }: Beginning): Promise<void> {
  const known = knownBy(cluster, state);
  if (known.mark === undefined) return;
  try {
    const { judgement, behind } = await compare(
      await OpenStack.open(environment),
      { cluster, serial, state, pending, environment },
      known,
      () => undefined,
    );
    for (const thing of judgement.leftovers)
      await pulumi.log.info(
        `${title(thing)} was left behind by a killed update; the update will remove it unless the swarm uses it.`,
      );
    const refusal = refusalOf(judgement, behind);
    if (refusal !== undefined) await pulumi.log.warn(`The update will be refused: ${refusal}`);
  } catch (error) {
    await pulumi.log.info(`Could not look for leftovers on the cloud: ${messageOf(error)}`);
  }
}

/** Notes that an update ended. The session of its beginning may have run out. */
export async function noteEnd(
  cluster: string,
  mark: string,
  number: number,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  await noted([
    OpenStack.open(environment).then(async (cloud) => {
      const groups = anchors(cluster, await findGroups(cloud, { cluster, ids: new Set() }, mark, ""));
      for (const group of groups) await noteSerial(cloud, group, { number, ended: true });
    }),
  ]);
}

async function compare(
  cloud: OpenStack,
  { cluster, pending, serial, access, environment }: Beginning,
  known: Known,
  say: (line: string) => void,
): Promise<Comparison> {
  const consent = readConsent(environment);
  const seen = await lookAtCloud(cloud, { known, pending });
  const groups = anchors(cluster, seen);
  const newest = serialIn(groups.flatMap(({ tags = [] }) => tags));
  const isOld = isBehind(serial, newest, hasUnknown(known, seen));
  // what an old state was creating may have been made since, and be in use
  const evidence: Evidence = {
    known,
    pending: isOld ? [] : pending,
    consent,
    say,
    ...(access === undefined ? {} : { access }),
  };
  const hasConsent = newest !== undefined && consent.behind === newest.number;
  return {
    evidence,
    groups,
    judgement: await judgeCloud(seen, evidence),
    behind: isOld && newest !== undefined && !hasConsent ? { state: serial, cloud: newest.number } : undefined,
    serial: (isOld && newest !== undefined ? newest.number : serial) + 1,
  };
}

/** The security groups that bear the number of the newest update: one, unless an update made it twice. */
function anchors(cluster: string, things: readonly CloudThing[]): CloudThing[] {
  return things.filter(({ kind, name }) => kind === "security group" && name === `${cluster}-nodes`);
}

/**
 * A number that cannot be noted, e.g. since a credential lacks the right, stops no update: an old state is then known
 * by what the cloud has.
 */
async function noted(notes: readonly Promise<void>[]): Promise<void> {
  await Promise.all(notes).catch(async (error: unknown) => {
    await pulumi.log.warn(
      `Could not write this update's number to the cloud: ${messageOf(error)} A later update may not notice that its state is older than the cloud.`,
    );
  });
}
