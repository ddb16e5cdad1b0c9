import { majority } from "../../settings/quorum";
import type { GuardCode, ZonedCode } from "../../settings/plan-guard";
import { hasSwarm, nodesOf, serverType, type PlannedNode } from "./planned-nodes";
import { openings } from "./openings";
import type { Change, Plan } from "./plan";
import { priceOf, priceText } from "./price";

/** One thing that a plan does and that has a limit. */
export type Finding = Measured &
  /** The zone that the finding is about; absent for the whole cluster. */
  (
    | { readonly code: ZonedCode; readonly zone?: string }
    | { readonly code: Exclude<GuardCode, ZonedCode>; readonly zone?: never }
  );

interface Measured {
  /** What the plan does, in figures. */
  readonly figure: string;
  readonly limit: string;
  readonly beyond: boolean;
  /** Names of the resources. */
  readonly resources: readonly string[];
}

type Check = (plan: Plan) => Finding[];

/** All checks of a plan, in the order of their findings. Pure. */
export const checks: readonly Check[] = [
  managersReplaced,
  quorumKept,
  workersKept,
  serverGroupKept,
  volumesKept,
  nothingOpened,
  priceKept,
];

/** A node that is replaced in place is away until the new server has booted. */
const inPlace = ({ standing, kind }: PlannedNode): boolean => standing && kind === "replace";
const removed = ({ standing, kind }: PlannedNode): boolean => standing && kind === "delete";
const namesOf = (nodes: readonly { readonly name: string }[]): string[] => nodes.map(({ name }) => name).sort();

function managersReplaced(plan: Plan): Finding[] {
  if (!hasSwarm(plan)) return [];
  const replaced = nodesOf(plan).filter((node) => node.role === "manager" && inPlace(node));
  const limit = plan.settings.planGuard.managers;
  return replaced.length === 0
    ? []
    : [
        {
          code: "replace-managers",
          figure: `${replaced.length} replaced`,
          limit: `${limit} in one update`,
          beyond: replaced.length > limit,
          resources: namesOf(replaced),
        },
      ];
}

/**
 * The managers that stay must be a majority of all that exist now: a manager that is replaced counts as a member until
 * it has left.
 */
function quorumKept(plan: Plan): Finding[] {
  if (!hasSwarm(plan)) return [];
  const managers = nodesOf(plan).filter(({ role, standing }) => role === "manager" && standing);
  const gone = managers.filter((node) => inPlace(node) || removed(node));
  if (gone.length === 0) return [];
  const [left, needed] = [managers.length - gone.length, majority(managers.length)];
  return [
    {
      code: "lose-quorum",
      figure: `margin ${left - needed}: ${left} of ${managers.length} managers stay`,
      limit: `margin 0: ${needed} needed`,
      beyond: left < needed,
      resources: namesOf(gone),
    },
  ];
}

/**
 * Workers that are away at the same time: those replaced in place, and those removed without a new one. An exchange for
 * new workers loses none, since Pulumi deletes resources that left the program only after it has created the others.
 */
function workersKept(plan: Plan): Finding[] {
  if (!hasSwarm(plan)) return [];
  const workers = nodesOf(plan).filter(({ role }) => role === "worker");
  const { zonePercent, clusterPercent } = plan.settings.planGuard;
  const zones = [...new Set(workers.filter(({ standing }) => standing).map(({ zone }) => zone))].sort();
  return [
    ...zones.flatMap((zone) =>
      lossOf(
        workers.filter((worker) => worker.zone === zone),
        zonePercent,
        zone,
      ),
    ),
    ...lossOf(workers, clusterPercent),
  ];
}

function lossOf(workers: readonly PlannedNode[], percent: number, zone?: string): Finding[] {
  const before = workers.filter(({ standing }) => standing).length;
  const [replaced, gone] = [workers.filter(inPlace), workers.filter(removed)];
  const made = workers.filter(({ kind, standing }) => kind === "create" && !standing).length;
  const lost = replaced.length + Math.max(0, gone.length - made);
  // a small group must be able to shrink by one, and to replace one node in place
  const allowed = percent === 0 ? 0 : Math.max(1, Math.floor((before * percent) / 100));
  return lost === 0
    ? []
    : [
        {
          code: "lose-workers",
          ...(zone === undefined ? {} : { zone }),
          figure: `${lost} of ${before} workers`,
          limit: `${allowed} (${percent} %)`,
          beyond: lost > allowed,
          resources: namesOf([...replaced, ...gone]),
        },
      ];
}

/** A server stays in the group that it was created in. Without the group nothing keeps managers on different hosts. */
function serverGroupKept({ changes }: Plan): Finding[] {
  return changes
    .filter(
      ({ type, kind }) =>
        type === "openstack:compute/serverGroup:ServerGroup" && (kind === "replace" || kind === "delete"),
    )
    .flatMap(({ name, before }) => {
      const left = changes.filter(
        (change) =>
          change.type === serverType &&
          (change.kind === "keep" || change.kind === "update") &&
          isIn(change, before?.id),
      );
      return left.length === 0
        ? []
        : [
            {
              code: "replace-server-group" as const,
              figure: `${left.length} servers stay without their group`,
              limit: "0",
              beyond: true,
              resources: [name, ...namesOf(left)],
            },
          ];
    });
}

function isIn({ before }: Change, group: string | undefined): boolean {
  const hints = before?.inputs["schedulerHints"];
  return (
    group !== undefined &&
    Array.isArray(hints) &&
    hints.some((hint: unknown) => (hint as { group?: unknown } | null)?.group === group)
  );
}

/** Types of resources that hold data. */
const dataTypes =
  /^openstack:(blockstorage\/(?:.*\/)?volume(v\d)?:|sharedfilesystem\/share:|objectstorage\/container|database\/instance:)|^docker:index\/volume:/i;

function volumesKept({ changes }: Plan): Finding[] {
  const lost = changes.filter(
    ({ type, kind, before }) =>
      dataTypes.test(type) && (kind === "delete" || kind === "replace") && before?.retainOnDelete !== true,
  );
  return lost.length === 0
    ? []
    : [
        {
          code: "destroy-volumes",
          figure: `${lost.length} destroyed`,
          limit: "0",
          beyond: true,
          resources: namesOf(lost),
        },
      ];
}

function nothingOpened({ changes }: Plan): Finding[] {
  const opened = changes.filter(
    ({ type, before, after }) =>
      after !== undefined &&
      openings(type, after).some((one) => before === undefined || !openings(type, before).includes(one)),
  );
  return opened.length === 0
    ? []
    : [
        {
          code: "open-to-world",
          figure: `${opened.length} opened`,
          limit: "0",
          beyond: true,
          resources: namesOf(opened),
        },
      ];
}

function priceKept(plan: Plan): Finding[] {
  const price = priceOf(plan);
  const limit = plan.settings.planGuard.hourlyIncrease;
  if (price === undefined || limit === undefined) return [];
  const rise = price.after - price.before;
  const servers = plan.changes.filter(({ type, kind }) => type === serverType && kind !== "keep");
  return rise <= 0
    ? []
    : [
        {
          code: "raise-price",
          figure: `${priceText(rise)} more per hour`,
          limit: priceText(limit),
          beyond: rise > limit + 1e-9,
          resources: namesOf(servers),
        },
      ];
}
