import { markLabel } from "../../settings/names";
import type { ClusterAccess } from "../../settings/outputs";
import { noRepairs, type Repairs } from "../../settings/specs";
import type { DesiredSwarm, KnownNode } from "./desired-swarm";
import type { DockerNode } from "../connection/docker";
import { oneLook, withManager } from "../connection/managers";
import { drift } from "./drift";
import { absentNodes } from "./node-drift";
import { sentence, type Finding, type Part, type SeenNetwork, type SeenSwarm } from "./drift-finding";
import { messageOf } from "../errors";
import { listOverlaysOnceSettled } from "./overlay-networks";
import { listNodes } from "./nodes";
import { claimOf, onNode, type Claim } from "../connection/on-node";
import { listServices } from "./services";
import { Slots } from "../connection/slots";

/** Bounds of asking the nodes that are not Ready. */
export interface AskLimits {
  /**
   * Nodes at a time. Each takes a forwarded connection through the one SSH connection to a manager, and a handshake.
   * sshd allows 10 sessions per connection by default (MaxSessions in sshd_config(5)). It does not count forwarded
   * connections; only the file descriptors of its process bound those, so this keeps to the same number.
   */
  readonly atOnce: number;
  /** Seconds for a node to say what it takes itself for; a dead one never does. */
  readonly nodeSeconds: number;
  /** Seconds for all of them: 1,000 that answer within a second. Each update waits for this. */
  readonly allSeconds: number;
}

const askLimits: AskLimits = { atOnce: 10, nodeSeconds: 15, allSeconds: 120 };

/** The swarm that an update begins with. */
export interface Reconciliation {
  readonly access: ClusterAccess;
  /** What the swarm holds by the stack's state. */
  readonly desired: DesiredSwarm;
  /** The mark of the cluster's own networks. */
  readonly mark: string;
  readonly say: (line: string) => void;
  /** The clock, in milliseconds since 1970. */
  readonly now: number;
}

/**
 * Asks a manager once how the swarm is, and says what is not as the last update left it.
 *
 * @returns what the update makes again. Nothing where no manager answers: whatever needs one says more.
 */
export async function reconcile({ access, desired, mark, say, now }: Reconciliation): Promise<Repairs> {
  if (desired.nodes.length === 0) return noRepairs;
  const isOurs = ({ Labels }: SeenNetwork): boolean => Labels?.[markLabel] === mark;
  try {
    const seen = await withManager(
      access,
      async (manager): Promise<SeenSwarm> => ({ ...(await lookAt(manager, access, desired, say)), isOurs }),
      oneLook,
    );
    const findings = drift(desired, seen);
    for (const finding of findings) say(sentence(finding, "this update repairs it"));
    return repairsOf(findings, new Date(now).toISOString());
  } catch (error) {
    say(`Could not check whether the swarm is as the last update left it: ${messageOf(error)}`);
    return noRepairs;
  }
}

async function lookAt(
  manager: DockerNode,
  access: ClusterAccess,
  desired: DesiredSwarm,
  say: (line: string) => void,
): Promise<SeenSwarm> {
  const [nodes, networks, services] = await Promise.all([
    listNodes(manager),
    listOverlaysOnceSettled(
      manager,
      desired.networks.map(({ name }) => name),
      say,
    ),
    listServices(manager),
  ]);
  const absent = absentNodes(desired.nodes, nodes);
  const { atOnce, allSeconds } = askLimits;
  if (absent.length > atOnce)
    say(
      `${absent.length} nodes are not Ready; asking each what state it is in, ${atOnce} at a time, for ${allSeconds} s at most.`,
    );
  return {
    nodes,
    networks,
    services: services.map(({ Spec }) => Spec.Name),
    ...(await askThemselves(manager, access, absent)),
  };
}

/** What nodes themselves say. Those that do not answer in time say nothing; those whose turn did not come are named. */
export async function askThemselves(
  manager: DockerNode,
  access: ClusterAccess,
  nodes: readonly KnownNode[],
  { atOnce, nodeSeconds, allSeconds } = askLimits,
): Promise<Required<Pick<SeenSwarm, "claims" | "unasked">>> {
  const slots = new Slots(atOnce);
  const claims = new Map<string, Claim>();
  const unasked = new Set(nodes.map(({ name }) => name));
  let isOver = false;
  await inTime(
    Promise.all(
      nodes.map(async (node) => {
        const giveBack = await slots.take();
        if (isOver) {
          giveBack();
          return;
        }
        // the slot of a node that hangs stays taken beyond its time: the manager still tries to connect to it
        const claim = await inTime(
          onNode(access, manager, node, (itself) => claimOf(itself, nodeSeconds)).finally(giveBack),
          nodeSeconds,
        );
        unasked.delete(node.name);
        if (claim !== undefined) claims.set(node.name, claim);
      }),
    ),
    allSeconds,
  );
  isOver = true;
  // as it is now: those that are still being asked go on until the manager's connection ends
  return { claims: new Map(claims), unasked: new Set(unasked) };
}

/** What comes in time; its connection ends with the manager's, which it goes through. */
async function inTime<T>(asked: Promise<T>, seconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, seconds * 1000);
  });
  try {
    return await Promise.race([asked.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is to be made again, each with why and when. Pure. */
export function repairsOf(findings: readonly Finding[], when: string): Repairs {
  const of = (kind: Part["kind"]): ReadonlyMap<string, string> => {
    const codes = new Map<string, string[]>();
    for (const finding of findings) {
      if (!("repairs" in finding)) continue;
      for (const part of finding.repairs) {
        if (part.kind === kind) codes.set(part.name, [...(codes.get(part.name) ?? []), finding.code]);
      }
    }
    return new Map([...codes].map(([name, why]) => [name, `${[...new Set(why)].join(" ")} ${when}`]));
  };
  return { nodes: of("node"), networks: of("network"), stacks: of("stack") };
}
