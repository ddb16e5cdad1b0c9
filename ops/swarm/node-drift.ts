import type { DesiredNode, Finding, SeenSwarm } from "./drift-finding";
import { drainedBy, unreadiness, type SwarmNodeState } from "./nodes";

/** The entries that the swarm has for a host name. */
function entriesOf(name: string, nodes: readonly SwarmNodeState[]): SwarmNodeState[] {
  return nodes.filter(({ Description }) => Description?.Hostname === name);
}

/** Nodes that are not Ready in the swarm: an update asks only these for their own view. Pure. */
export function absentNodes<T extends DesiredNode>(nodes: readonly T[], seen: readonly SwarmNodeState[]): T[] {
  return nodes.filter(({ name }) => entriesOf(name, seen).every(({ Status }) => Status.State !== "ready"));
}

/** Drift of one node of the stack. Pure. */
export function nodeDrift(node: DesiredNode, seen: SeenSwarm): Finding[] {
  const { name, role } = node;
  const entries = entriesOf(name, seen.nodes);
  const ready = entries.filter(({ Status }) => Status.State === "ready");
  const foreign = ready.filter(({ Status }) => isElsewhere(Status.Addr, node.address));
  if (foreign.length > 0) {
    // an admission would remove the entry of the other machine
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

/** Whether a machine is at another address than expected. A leader may not know its own address. */
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

/** A server that is rebuilt under its id joins again, and its earlier entry stays; that of a manager keeps its vote. */
function seconds(name: string, entries: readonly SwarmNodeState[]): Finding[] {
  if (entries.length < 2) return [];
  const votes = entries.filter(({ ManagerStatus }) => ManagerStatus !== undefined).length;
  const problem = `the swarm has ${entries.length} entries of it${votes > 1 ? `, ${votes} of them with a vote` : ""}`;
  return [{ code: "second-entry", subject: name, problem, repairs: [{ kind: "node", name }] }];
}
