import { z } from "zod";
import { autoscale } from "./autoscale";
import { sharedNetworks } from "./overlays";
import { deadlines } from "./schema";

/** Version of the outputs' contract; raised when a reader of the old one would misread the new one. */
export const outputsVersion = 1;

const node = z.object({
  name: z.string(),
  role: z.enum(["manager", "worker"]),
  zone: z.string(),
  group: z.string(),
  ordinal: z.int(),
  address: z.string(),
  /** True where a new server would be made from another image, flavor, key or user data. */
  stale: z.boolean(),
  /** Labels of its entry in the swarm; older programs gave none. */
  labels: z.record(z.string(), z.string()).optional(),
  /** URN of its server, which `pulumi up --replace` takes; older programs gave none. */
  serverUrn: z.string().optional(),
});

/**
 * How a manager is reached: its floating IP, its address in the cluster's network (absent in what an older program
 * left), and the SSH host key that is pinned for it.
 */
export const managerAccess = z.object({
  name: z.string(),
  host: z.string(),
  address: z.string().optional(),
  hostKey: z.string(),
});

/**
 * What it takes to reach the cluster: the login, its private key (secret, OpenSSH format) and the managers in order.
 */
export const clusterAccess = z.object({ user: z.string(), privateKey: z.string(), managers: z.array(managerAccess) });
export type ClusterAccess = z.output<typeof clusterAccess>;

/**
 * A worker group as the last update had it: where its nodes are, how many there may be, and the labels that they bear
 * beside their place's.
 */
const workerGroup = z.object({
  zone: z.string(),
  min: z.int(),
  max: z.int(),
  labels: z.record(z.string(), z.string()),
});

/**
 * What a stack exports; `madeWith` are the settings that last as long as the cluster, `access` and `joinTokens` are
 * secrets. `clusterId` is Docker's id of the swarm.
 */
export const clusterOutputs = z.object({
  version: z.literal(outputsVersion),
  clusterName: z.string(),
  clusterId: z.string(),
  madeWith: z.object({
    clusterName: z.string(),
    networkName: z.string().optional(),
    networkCidr: z.string(),
    /** Absent in what an older program left. */
    externalNetwork: z.string().optional(),
    overlayPools: z.array(z.string()),
    overlayPrefix: z.int(),
    overlayEncryption: z.boolean(),
    /** Subnets of the shared overlay networks by name; absent where Docker chose them, each of overlayPrefix. */
    sharedSubnets: z.partialRecord(z.enum(sharedNetworks), z.string()).optional(),
  }),
  /**
   * Number of the last complete update, which the cloud has too (ops/openstack/update-serial.ts); absent in what an older program left.
   */
  serial: z.int().optional(),
  /** Fingerprint of the program that made the last update (ops/update/program.ts). */
  program: z.string(),
  workerGroups: z.record(z.string(), workerGroup),
  /** The policy by which workers come and go; absent where autoscaling is off. */
  autoscale: autoscale.required({ minNodes: true, maxNodes: true, joinDeadlineSeconds: true }).optional(),
  deadlines,
  workerSets: z.record(z.string(), z.array(z.int())),
  nodes: z.array(node),
  /** Names of the shared overlay networks; older programs gave none. */
  networks: z.array(z.string()).optional(),
  /** The stacks, each with the full names of its services; older programs gave none. */
  stacks: z.record(z.string(), z.array(z.string())).optional(),
  /** Policies of the managers' server groups, the first one first; absent in what an older program left. */
  managerGroupPolicies: z.array(z.enum(["soft", "hard"])).optional(),
  /** Number of stale nodes. */
  staleNodes: z.int(),
  /** Absent in the ingress mode "none". */
  ingressAddress: z.string().optional(),
  demoUrl: z.string().optional(),
  access: clusterAccess,
  joinTokens: z.object({ manager: z.string(), worker: z.string() }),
});
export type ClusterOutputs = z.output<typeof clusterOutputs>;
