import { howToConsent } from "./consent";
import { kinds } from "./cloud-kinds";
import type { CloudThing, Known } from "./cloud-thing";
import type { PendingCreate } from "../stack-state/state";

/** What bears the cluster's mark and its state does not know, judged. */
export interface Judgement {
  /** What an update that was killed made and nobody uses, or a person consented to: it is removed. */
  readonly leftovers: readonly CloudThing[];
  /** What stops the update, and why. */
  readonly unexplained: readonly { readonly thing: CloudThing; readonly why: string }[];
}

/**
 * Kinds that people add to by hand: without proof they stay and stop nothing. They bear no mark themselves, but belong
 * to what does.
 */
const addedByHand: ReadonlySet<CloudThing["kind"]> = new Set(["security rule", "router interface"]);

/** Things that the state does not know. Pure. */
export function unknownTo(known: Known, things: readonly CloudThing[]): CloudThing[] {
  return things.filter(({ id }) => !known.ids.has(id));
}

/** True where the cloud has things that the state does not know, but for what people add by hand. Pure. */
export function hasUnknown(known: Known, things: readonly CloudThing[]): boolean {
  return unknownTo(known, things).some(({ kind }) => !addedByHand.has(kind));
}

/** True where a killed update was creating just this when it ended. Pure. */
export function isExplained({ kind, made }: CloudThing, pending: readonly PendingCreate[]): boolean {
  const type = kinds.find((one) => one.kind === kind)?.type;
  return pending.some(
    (create) =>
      create.type === type && Object.entries(made).every(([input, value]) => (create.inputs[input] ?? null) === value),
  );
}

/**
 * Judges what the state does not know. That the cloud has more than the state proves nothing by itself: the state may
 * be older than the cloud, and then these are the things that work. Pure.
 *
 * @param consent ids that a person named.
 * @param useOf who uses a thing, in words; whatever the proof, that is never removed.
 */
export function judge(
  unknown: readonly CloudThing[],
  pending: readonly PendingCreate[],
  consent: ReadonlySet<string>,
  useOf: (thing: CloudThing) => string | undefined,
): Judgement {
  const leftovers: CloudThing[] = [];
  const unexplained: { thing: CloudThing; why: string }[] = [];
  for (const thing of unknown) {
    const hasProof = isExplained(thing, pending);
    if (!hasProof && addedByHand.has(thing.kind)) continue;
    const isFree = hasProof || consent.has(thing.id);
    const use = isFree ? useOf(thing) : undefined;
    if (isFree && use === undefined) leftovers.push(thing);
    else unexplained.push({ thing, why: use ?? "no killed update was creating it" });
  }
  return { leftovers, unexplained };
}

/** How a person names a thing on the cloud. */
export function title({ kind, name, id }: CloudThing): string {
  return `${kind} ${name} (${id})`;
}

/**
 * A state that is older than the cloud: the numbers of the last complete update of the one and of the newest on the
 * other.
 */
export interface Behind {
  readonly state: number;
  readonly cloud: number;
}

/** Why the update must not go on, all of it at once, and what to do; undefined where it may. Pure. */
export function refusalOf({ unexplained }: Judgement, behind: Behind | undefined): string | undefined {
  if (unexplained.length === 0 && behind === undefined) return undefined;
  const consent = [
    ...(behind === undefined ? [] : [`behind=${behind.cloud}`]),
    ...unexplained.map(({ thing: { id } }) => `remove=${id}`),
  ];
  return [
    ...(behind === undefined
      ? []
      : [
          `the stack's state is of update ${behind.state}, the cloud has seen update ${behind.cloud}: the state is older than the cloud.`,
        ]),
    ...(unexplained.length === 0
      ? []
      : [
          `the cloud has ${unexplained.length} of the cluster's resources that the state does not know and that are not proven leftovers:`,
        ]),
    ...unexplained.map(({ thing, why }) => `  ${title(thing)}: ${why}`),
    'Nothing was touched. Import the newest state (docs/runbook.md, "The state is older than the cloud"). If there is none, consent to the removal:',
    `  ${howToConsent(consent)}`,
  ].join("\n");
}
