import { ingressPorts } from "../../settings/ports";
import { majority } from "../../settings/quorum";
import type { GuardCode, ZonedCode } from "../../settings/plan-guard";
import { hasSwarm, nodesOf, serverType, type PlannedNode } from "./planned-nodes";
import type { Change, Plan, ResourceState } from "./plan";

/** One thing that a plan does and that has a limit. */
export type Finding = Measured &
  /** The zone that it is about; absent: the cluster. */
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

/** Everything that a plan is looked at for. Pure. */
export const checks: readonly Check[] = [
  managersReplaced,
  quorumKept,
  workersKept,
  serverGroupKept,
  volumesKept,
  nothingOpened,
  priceKept,
];

/** In place: away for as long as the new server boots. */
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
 * Those that are left while the others are away must be a majority of all: a manager that is replaced is a member until
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
 * Workers that are away at once: those replaced in place, and those that are removed and not made up for. An exchange
 * for new ones takes nothing away, since Pulumi deletes what the program left out only after everything else stands.
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
  // a small group must be able to shrink by hand, and a node be replaced in its place
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

/**
 * A server stays in the group that it was made in; without that group nothing keeps the managers on different hosts.
 */
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

/** Types that hold data of their own. */
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

/** Prefix length below which a network is as good as everyone; the settings take no wider one for administrators. */
const widestPrefix = 8;

/** What a resource lets in from anywhere, beside the ingress; each as a text that is the same for the same opening. */
function openings(type: string, { inputs }: ResourceState): string[] {
  const {
    direction,
    protocol,
    portRangeMin,
    portRangeMax,
    remoteIpPrefix,
    remoteGroupId,
    remoteAddressGroupId,
    portSecurityEnabled,
    protocolPort,
    allowedCidrs,
  } = inputs;
  switch (type) {
    case "openstack:networking/secGroupRule:SecGroupRule": {
      const fromAll =
        remoteIpPrefix === undefined || remoteIpPrefix === ""
          ? remoteGroupId === undefined && remoteAddressGroupId === undefined
          : isWide(remoteIpPrefix);
      const isIngress = protocol === "tcp" && portRangeMin === portRangeMax && isIngressPort(portRangeMin);
      return direction === "ingress" && fromAll && !isIngress ? [[protocol, portRangeMin, portRangeMax].join()] : [];
    }
    case "openstack:loadbalancer/listener:Listener": {
      const fromAll = !Array.isArray(allowedCidrs) || allowedCidrs.length === 0 || allowedCidrs.some(isWide);
      return fromAll && !isIngressPort(protocolPort) ? [String(protocolPort)] : [];
    }
    case "openstack:networking/port:Port":
    case "openstack:networking/network:Network":
      return portSecurityEnabled === false ? ["no port security"] : [];
    default:
      return [];
  }
}

function isWide(network: unknown): boolean {
  return typeof network === "string" && network.includes("/") && Number(network.split("/")[1]) < widestPrefix;
}

function isIngressPort(port: unknown): boolean {
  return ingressPorts.some((one) => one === port);
}

/** Price of the servers per hour before and after, and the flavors that the table lacks. */
export function priceOf(
  plan: Plan,
): { readonly before: number; readonly after: number; readonly unknown: readonly string[] } | undefined {
  const prices = plan.settings.flavorPrices;
  if (Object.keys(prices).length === 0) return undefined;
  const servers = plan.changes.filter(({ type }) => type === serverType);
  const flavors = (states: readonly (ResourceState | undefined)[]): string[] =>
    states.flatMap((state) => (state === undefined ? [] : [String(state.inputs["flavorName"])]));
  const [before, after] = [
    flavors(servers.map((server) => server.before)),
    flavors(servers.map((server) => server.after)),
  ];
  const sum = (all: readonly string[]): number => all.reduce((total, flavor) => total + (prices[flavor] ?? 0), 0);
  return {
    before: sum(before),
    after: sum(after),
    unknown: [...new Set([...before, ...after])].filter((flavor) => !(flavor in prices)).sort(),
  };
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
          figure: `${figure(rise)} more per hour`,
          limit: figure(limit),
          beyond: rise > limit + 1e-9,
          resources: namesOf(servers),
        },
      ];
}

/** A price with as many digits as say something. */
export function figure(price: number): string {
  return String(Number(price.toFixed(4)));
}
