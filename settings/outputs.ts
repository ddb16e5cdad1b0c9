import { z } from "zod";
import { autoscale } from "./autoscale";
import { sharedNetworks } from "./overlays";
import { deadlines } from "./deadlines";

/** Version of the contract; raised when a reader of the old one would misread the new one. */
export const outputsVersion = 2;

/** Name of the stack output that holds the contract; secret as a whole. The other outputs are for people. */
export const clusterOutput = "cluster";

const node = z.object({
  name: z.string(),
  role: z.enum(["manager", "worker"]),
  zone: z.string(),
  group: z.string(),
  ordinal: z.int(),
  address: z.string(),
  /** True if a new server would be made from another image, flavor, key or user data. */
  stale: z.boolean(),
  /** Labels of the swarm node; older programs left none. */
  labels: z.record(z.string(), z.string()).optional(),
  /** URN of its server, for `pulumi up --replace`; older programs left none. */
  serverUrn: z.string().optional(),
});

/**
 * How to reach a manager: its floating IP, its address in the cluster's network (older programs left none), and its
 * pinned SSH host key.
 */
export const managerAccess = z.object({
  name: z.string(),
  host: z.string(),
  address: z.string().optional(),
  hostKey: z.string(),
});

/** Access to the cluster: the login, its private key (secret, OpenSSH format) and the managers in order. */
export const clusterAccess = z.object({ user: z.string(), privateKey: z.string(), managers: z.array(managerAccess) });
export type ClusterAccess = z.output<typeof clusterAccess>;

/** A worker group in the last update: its zone, its limits, and the labels of its nodes beside those of their place. */
const workerGroup = z.object({
  zone: z.string(),
  min: z.int(),
  max: z.int(),
  labels: z.record(z.string(), z.string()),
});

/**
 * What other programs read of a cluster. `madeWith` are the settings that it keeps for life, `clusterId` is Docker's id
 * of the swarm; `access` and `joinTokens` are secrets.
 */
const clusterFacts = z.object({
  clusterName: z.string(),
  clusterId: z.string(),
  madeWith: z.object({
    clusterName: z.string(),
    networkName: z.string().optional(),
    networkCidr: z.string(),
    /** Older programs left none. */
    externalNetwork: z.string().optional(),
    overlayPools: z.array(z.string()),
    overlayPrefix: z.int(),
    overlayEncryption: z.boolean(),
    /** Subnets of the shared overlay networks by name; absent where Docker chose them, each of overlayPrefix. */
    sharedSubnets: z.partialRecord(z.enum(sharedNetworks), z.string()).optional(),
  }),
  workerGroups: z.record(z.string(), workerGroup),
  /** The autoscaling policy; absent where autoscaling is off. */
  autoscale: autoscale.required({ minNodes: true, maxNodes: true, joinDeadlineSeconds: true }).optional(),
  deadlines,
  workerSets: z.record(z.string(), z.array(z.int())),
  nodes: z.array(node),
  /** Names of the shared overlay networks; older programs left none. */
  networks: z.array(z.string()).optional(),
  /** The stacks, each with the full names of its services; older programs left none. */
  stacks: z.record(z.string(), z.array(z.string())).optional(),
  /** Policies of the managers' server groups, the first one first; older programs left none. */
  managerGroupPolicies: z.array(z.enum(["soft", "hard"])).optional(),
  /** Number of stale nodes. */
  staleNodes: z.int(),
  /** Absent in the ingress mode "none". */
  ingressAddress: z.string().optional(),
  demoUrl: z.string().optional(),
  access: clusterAccess,
  joinTokens: z.object({ manager: z.string(), worker: z.string() }),
});
export type ClusterFacts = z.output<typeof clusterFacts>;

/** The contract: the facts, and which update by which program left them. */
export const clusterOutputs = clusterFacts.extend({
  version: z.literal(outputsVersion),
  /** Number of the last complete update, also on the cloud (ops/openstack/update-serial.ts); older programs left none. */
  serial: z.int().optional(),
  /** Fingerprint of the program that made the last update (ops/update/program.ts). */
  program: z.string(),
});
export type ClusterOutputs = z.output<typeof clusterOutputs>;

/** The contract of version 1: each field was an output of its own. */
const flatOutputs = clusterOutputs.extend({ version: z.literal(1) });

/** Names of the outputs that `readClusterOutputs` reads. */
export const readNames: readonly string[] = [clusterOutput, ...Object.keys(flatOutputs.shape)];

/**
 * Reads a stack's outputs, secrets in clear, of this program or of one that left the contract of version 1. The one
 * door for every reader.
 *
 * @returns undefined where the stack has no cluster yet.
 * @throws z.ZodError where the outputs have the shape of another program.
 */
export function readClusterOutputs(outputs: Readonly<Record<string, unknown>>): ClusterOutputs | undefined {
  if (outputs[clusterOutput] !== undefined) return clusterOutputs.parse(outputs[clusterOutput]);
  if (outputs["clusterId"] === undefined) return undefined;
  const { nodes, ...flat } = flatOutputs.parse(outputs);
  return { ...flat, version: outputsVersion, nodes: nodes.map(withMovedServer) };
}

/** Type of the component that holds a cluster (components/swarm-cluster.ts). */
export const clusterType = "swarm:platform:SwarmCluster";

/**
 * In the time of version 1 no component held the cluster. The next update moves its resources below one, and so takes
 * the server by its new URN: urn:pulumi:<stack>::<project>::<types from the root down, joined by $>::<name>.
 */
function withMovedServer({ serverUrn, ...rest }: ClusterFacts["nodes"][number]): ClusterFacts["nodes"][number] {
  if (serverUrn === undefined) return rest;
  const [stack = "", project = "", types = "", ...name] = serverUrn.split("::");
  return { ...rest, serverUrn: [stack, project, `${clusterType}$${types}`, ...name].join("::") };
}
