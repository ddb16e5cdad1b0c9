import { z } from "zod";

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
  /** URN of its server, which `pulumi up --replace` takes; older programs gave none. */
  serverUrn: z.string().optional(),
});

/** How a manager is reached from outside: its floating IP and the SSH host key that is pinned for it. */
export const managerAccess = z.object({ name: z.string(), host: z.string(), hostKey: z.string() });

/** What it takes to reach the cluster: the login, its private key (secret, OpenSSH format) and the managers in order. */
export const clusterAccess = z.object({ user: z.string(), privateKey: z.string(), managers: z.array(managerAccess) });
export type ClusterAccess = z.output<typeof clusterAccess>;

/** What a stack exports; `madeWith` are the settings that last as long as the cluster, `access` and `joinTokens` are secrets. `clusterId` is Docker's id of the swarm. */
export const clusterOutputs = z.object({
  version: z.literal(outputsVersion),
  clusterName: z.string(),
  clusterId: z.string(),
  madeWith: z.object({
    clusterName: z.string(),
    networkName: z.string().optional(),
    networkCidr: z.string(),
    overlayPools: z.array(z.string()),
    overlayPrefix: z.int(),
    overlayEncryption: z.boolean(),
  }),
  workerSets: z.record(z.string(), z.array(z.int())),
  nodes: z.array(node),
  /** Number of stale nodes. */
  staleNodes: z.int(),
  /** Absent in the ingress mode "none". */
  ingressAddress: z.string().optional(),
  demoUrl: z.string().optional(),
  access: clusterAccess,
  joinTokens: z.object({ manager: z.string(), worker: z.string() }),
});
export type ClusterOutputs = z.output<typeof clusterOutputs>;
