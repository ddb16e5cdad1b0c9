import { markLabel } from "../settings/names";
import type { ClusterAccess } from "../settings/outputs";
import { noRepairs, type Repairs } from "../settings/specs";
import type { DesiredSwarm, KnownNode } from "./desired";
import { oneLook, withManager, type DockerNode } from "./docker";
import { absentNodes, drift, sentence, type Finding, type Part, type SeenNetwork, type SeenSwarm } from "./drift";
import { messageOf } from "./errors";
import { listOverlays } from "./networks";
import { listNodes } from "./nodes";
import { claimOf, onNode, type Claim } from "./on-node";
import { listServices } from "./services";

/** Seconds for a node that is not Ready to say what it takes itself for; a dead one never does. */
const claimSeconds = 15;

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
    const seen = await withManager(access, async (manager): Promise<SeenSwarm> => ({ ...await lookAt(manager, access, desired), isOurs }), oneLook);
    const findings = drift(desired, seen);
    for (const finding of findings) say(sentence(finding, "this update repairs it"));
    return repairsOf(findings, new Date(now).toISOString());
  } catch (error) {
    say(`Could not check whether the swarm is as the last update left it: ${messageOf(error)}`);
    return noRepairs;
  }
}

async function lookAt(manager: DockerNode, access: ClusterAccess, desired: DesiredSwarm): Promise<SeenSwarm> {
  const [nodes, networks, services] = await Promise.all([listNodes(manager), listOverlays(manager), listServices(manager)]);
  return {
    nodes, networks, services: services.map(({ Spec }) => Spec.Name),
    claims: await askThemselves(manager, access, absentNodes(desired.nodes, nodes)),
  };
}

/** What nodes themselves say; those that do not answer in time are left out. */
async function askThemselves(manager: DockerNode, access: ClusterAccess, nodes: readonly KnownNode[]): Promise<Map<string, Claim>> {
  const claims = await Promise.all(nodes.map(async (node) => [node.name, await inTime(onNode(access, manager, node, (itself) => claimOf(itself, claimSeconds)))] as const));
  return new Map(claims.flatMap(([name, claim]) => claim === undefined ? [] : [[name, claim]]));
}

/** What comes in time; its connection ends with the manager's, which it goes through. */
async function inTime<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(() => { resolve(undefined); }, claimSeconds * 1000); });
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
        if (part.kind === kind) codes.set(part.name, [...codes.get(part.name) ?? [], finding.code]);
      }
    }
    return new Map([...codes].map(([name, why]) => [name, `${[...new Set(why)].join(" ")} ${when}`]));
  };
  return { nodes: of("node"), networks: of("network"), stacks: of("stack") };
}
