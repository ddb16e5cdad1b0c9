import type { StackParts } from "../../settings/stack-parts";
import { drainedBy, unreadiness, type SwarmNodeState } from "./nodes";
import type { Claim } from "../connection/on-node";

/** A node as the last update left it. */
export interface DesiredNode {
  readonly name: string;
  readonly role: "manager" | "worker";
  /** Fixed IPv4 address in the cluster's network. */
  readonly address: string;
  /** Absent where they are not known; then nobody looks at them. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** A shared overlay network. */
export interface DesiredNetwork {
  readonly name: string;
  /** Docker's id; absent where only the name is known. */
  readonly id?: string;
}

/** What the swarm holds by the stack's own account. */
export interface Desired {
  readonly nodes: readonly DesiredNode[];
  readonly networks: readonly DesiredNetwork[];
  readonly stacks: readonly StackParts[];
  /** Names of further nodes that are the stack's: those that come or go with this update. */
  readonly others: readonly string[];
}

export interface SeenNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
}

/** What the swarm says. What nobody asked for is absent and is not judged. */
export interface SeenSwarm {
  readonly nodes: readonly SwarmNodeState[];
  readonly networks?: readonly SeenNetwork[];
  /** Names of all services. */
  readonly services?: readonly string[];
  /** By name, of nodes that are not Ready and answered. Absent: nobody asked them. */
  readonly claims?: ReadonlyMap<string, Claim>;
  /** Names of nodes that are not Ready and whose turn to be asked did not come. */
  readonly unasked?: ReadonlySet<string>;
  /** Whether a network bears the stack's own mark. */
  readonly isOurs?: (network: SeenNetwork) => boolean;
}

/** Drift that an update repairs. */
type RepairedCode =
  "node-left" | "node-removed" | "labels" | "drained" | "second-entry" | "network-missing" | "service-missing";
/** Drift that a person decides on. */
type ToldCode =
  | "node-down"
  | "node-missing"
  | "unreachable"
  | "role"
  | "drained-by-hand"
  | "second-machine"
  | "stranger"
  | "network-foreign";

/** What an update makes again: a node's part in the swarm, a network, a stack. */
export interface Part {
  readonly kind: "node" | "network" | "stack";
  readonly name: string;
}

/** One way in which the swarm is not as the last update left it. */
export type Finding = { readonly subject: string; readonly problem: string } & (
  | { readonly code: RepairedCode; readonly repairs: readonly [Part, ...Part[]] }
  | { readonly code: ToldCode; readonly advice: string }
);

/** Compares the swarm with what the stack says of it. Pure. */
export function drift(desired: Desired, seen: SeenSwarm): Finding[] {
  return [
    ...desired.nodes.flatMap((node) => ofNode(node, seen)),
    ...strangers(desired, seen.nodes),
    ...desired.networks.flatMap((network) => ofNetwork(network, desired, seen)),
    ...desired.stacks.flatMap((stack) => ofStack(stack, seen)),
  ];
}

/** A finding as a line, with what comes of it: an update repairs it, or what a person does. */
export function sentence(finding: Finding, repair: string): string {
  return `${finding.subject}: ${finding.problem}; ${"repairs" in finding ? repair : finding.advice}.`;
}

/** The entries that the swarm has of a host name. */
function entriesOf(name: string, nodes: readonly SwarmNodeState[]): SwarmNodeState[] {
  return nodes.filter(({ Description }) => Description?.Hostname === name);
}

/** Nodes of the stack that the swarm does not see Ready: only these are asked themselves. */
export function absentNodes<T extends DesiredNode>(nodes: readonly T[], seen: readonly SwarmNodeState[]): T[] {
  return nodes.filter(({ name }) => entriesOf(name, seen).every(({ Status }) => Status.State !== "ready"));
}

function ofNode(node: DesiredNode, seen: SeenSwarm): Finding[] {
  const { name, role } = node;
  const entries = entriesOf(name, seen.nodes);
  const ready = entries.filter(({ Status }) => Status.State === "ready");
  const foreign = ready.filter(({ Status }) => isElsewhere(Status.Addr, node.address));
  if (foreign.length > 0) {
    // an admission would take the other machine's entry away
    return foreign.map(({ ID, Status }) => ({
      code: "second-machine",
      subject: name,
      problem: `another machine with this name is in the swarm, at ${Status.Addr ?? "an unknown address"}`,
      advice: `if it does not belong there, run \`docker node rm --force ${ID}\` on a manager`,
    }));
  }
  const [own] = ready;
  if (own === undefined) return [absence(node, entries, seen)];
  const why = unreadiness(role, ready);
  if (why !== undefined && drainedBy(own) === undefined) {
    return [
      own.Spec.Role === role
        ? { code: "unreachable", subject: name, problem: why, advice: goneAdvice }
        : {
            code: "role",
            subject: name,
            problem: `${why}, not ${role}`,
            advice: `\`docker node ${role === "manager" ? "promote" : "demote"} ${name}\` on a manager changes the role`,
          },
    ];
  }
  return [...labelFindings(node, own), ...drains(name, own), ...seconds(name, entries)];
}

const goneAdvice = 'see "The swarm is not as the last update left it" in docs/runbook.md';

function absence({ name }: DesiredNode, entries: readonly SwarmNodeState[], { claims, unasked }: SeenSwarm): Finding {
  const claim = claims?.get(name);
  const problem =
    entries.length === 0 ? "not in the swarm" : `its state is ${entries.map(({ Status }) => Status.State).join(", ")}`;
  const code = entries.length === 0 ? "node-missing" : "node-down";
  if (claims === undefined || unasked?.has(name) === true) {
    return {
      code,
      subject: name,
      problem,
      advice: `if its server runs, \`pulumi up\` brings it back; otherwise ${goneAdvice}`,
    };
  }
  if (claim === undefined)
    return { code, subject: name, problem: `${problem} and it does not answer`, advice: goneAdvice };
  if (entries.some(({ ID }) => ID === claim.id)) {
    return {
      code,
      subject: name,
      problem: `${problem}, but its own Docker reports ${claim.state}`,
      advice: `the node may come back by itself; if not, ${goneAdvice}`,
    };
  }
  return entries.length === 0
    ? {
        code: "node-removed",
        subject: name,
        problem: "removed from the swarm, but its server runs",
        repairs: [{ kind: "node", name }],
      }
    : {
        code: "node-left",
        subject: name,
        problem: "left the swarm, but its server runs",
        repairs: [{ kind: "node", name }],
      };
}

/** Whether a machine is at another address than expected. Of itself a leader may know no address. */
function isElsewhere(address: string | undefined, expected: string): boolean {
  return address !== undefined && !["", "0.0.0.0", "127.0.0.1", expected].includes(address);
}

function labelFindings({ name, labels = {} }: DesiredNode, { Spec }: SwarmNodeState): Finding[] {
  const wrong = Object.entries(labels)
    .filter(([label, value]) => Spec.Labels?.[label] !== value)
    .map(([label, value]) => {
      const now = Spec.Labels?.[label];
      return now === undefined
        ? `label ${label}=${value} is missing`
        : `label ${label} is ${JSON.stringify(now)}, not ${JSON.stringify(value)}`;
    });
  return wrong.length === 0
    ? []
    : [{ code: "labels", subject: name, problem: wrong.join(", "), repairs: [{ kind: "node", name }] }];
}

function drains(name: string, own: SwarmNodeState): Finding[] {
  const by = drainedBy(own);
  if (by !== undefined) {
    const since = new Date(by.at).toISOString();
    return [
      {
        code: "drained",
        subject: name,
        problem: `${by.program} drained it at ${since} and has not finished`,
        repairs: [{ kind: "node", name }],
      },
    ];
  }
  if (own.Spec.Availability === "active") return [];
  return [
    {
      code: "drained-by-hand",
      subject: name,
      problem: `no tasks are given to it (${own.Spec.Availability})`,
      advice: `\`swarmctl node activate ${name}\` changes that`,
    },
  ];
}

/** A server that is made anew under its id joins again, and its earlier entry stays; that of a manager has a vote. */
function seconds(name: string, entries: readonly SwarmNodeState[]): Finding[] {
  if (entries.length < 2) return [];
  const votes = entries.filter(({ ManagerStatus }) => ManagerStatus !== undefined).length;
  const problem = `the swarm has ${entries.length} entries of it${votes > 1 ? `, ${votes} of them with a vote` : ""}`;
  return [{ code: "second-entry", subject: name, problem, repairs: [{ kind: "node", name }] }];
}

/** Entries that belong to no node of the stack. One without a name was never used by a node. */
function strangers({ nodes, others }: Desired, seen: readonly SwarmNodeState[]): Finding[] {
  const known = new Set(["", ...nodes.map(({ name }) => name), ...others]);
  return seen.flatMap(({ ID, Description, Status }): Finding[] => {
    const name = Description?.Hostname ?? "";
    if (known.has(name)) return [];
    return [
      {
        code: "stranger",
        subject: name,
        problem: `in the swarm (${Status.State}), but not of this stack`,
        advice: `if it should not be there, run \`docker node rm --force ${ID}\` on a manager`,
      },
    ];
  });
}

function ofNetwork({ name, id }: DesiredNetwork, { stacks }: Desired, { networks, isOurs }: SeenSwarm): Finding[] {
  const subject = `network ${name}`;
  const named = networks?.find((network) => network.Name === name);
  if (networks === undefined || (id === undefined ? named !== undefined : networks.some(({ Id }) => Id === id)))
    return [];
  if (named !== undefined && isOurs?.(named) !== true) {
    return [
      {
        code: "network-foreign",
        subject,
        problem: `another network of this name (${named.Id}) is in its place`,
        advice: `remove it with \`docker network rm ${name}\` on a manager, and the next \`pulumi up\` makes the cluster's own`,
      },
    ];
  }
  const users = stacks
    .filter((stack) => stack.networks.includes(name))
    .map((stack): Part => ({ kind: "stack", name: stack.name }));
  return [
    { code: "network-missing", subject, problem: "it was removed", repairs: [{ kind: "network", name }, ...users] },
  ];
}

function ofStack({ name, services }: StackParts, seen: SeenSwarm): Finding[] {
  const missing = services.filter((service) => seen.services?.includes(service) === false);
  if (missing.length === 0) return [];
  return [
    {
      code: "service-missing",
      subject: `stack ${name}`,
      problem: `${missing.join(", ")} ${missing.length === 1 ? "was" : "were"} removed`,
      repairs: [{ kind: "stack", name }],
    },
  ];
}
