import { z } from "zod";

// What the program tells the verbs of ops/, and what they answer.

/** How the swarm is made, once; part of the first manager's init. Addresses are IPv4. */
export const initSpec = z.object({
  manager: z.string(),
  address: z.string(),
  /** Options of the overlay driver for the ingress network. */
  overlayOptions: z.record(z.string(), z.string()),
  /** Subnet of the ingress network; absent: Docker takes the next of the pools. */
  ingressSubnet: z.string().optional(),
  overlayPools: z.array(z.string()),
  /** Prefix length of each overlay network. */
  overlayPrefix: z.int(),
  deadlineSeconds: z.int(),
});
export type InitSpec = z.output<typeof initSpec>;

/** What of the swarm may change while it runs. */
export const swarmSpec = z.object({ dispatcherHeartbeatSeconds: z.int() });
export type SwarmSpec = z.output<typeof swarmSpec>;

/** A node that shall be, or shall no longer be, part of the swarm. */
export const nodeSpec = z.object({
  name: z.string(),
  role: z.enum(["manager", "worker"]),
  /** Fixed IPv4 address in the cluster's network. */
  address: z.string(),
  hostKey: z.string(),
  /** Nova's id, for the console's text when the node does not join. */
  serverId: z.string(),
  labels: z.record(z.string(), z.string()),
  /** True where the node's user data has a join token, so that it joins by itself unless that has been rotated. */
  holdsToken: z.boolean(),
  /** Stacks whose global services run on it before it counts. */
  stacks: z.array(z.string()),
  readySeconds: z.int(),
  drainSeconds: z.int(),
});
export type NodeSpec = z.output<typeof nodeSpec>;

/**
 * What `admit-node` prints: the names of the labels that the program gave the node, so that a later one takes away what
 * is no longer among them.
 */
export const nodeResult = z.object({
  labels: z.array(z.string()),
  /** The repair that it was told of, so that a later one without a new repair knows it as old. */
  repair: z.string().optional(),
});
export type NodeResult = z.output<typeof nodeResult>;

/** Parts of the swarm by name: nodes, shared networks, stacks. */
export interface KeptParts {
  readonly nodes: readonly string[];
  readonly networks: readonly string[];
  readonly stacks: readonly string[];
}

/**
 * Parts of the swarm that this update makes again, since they are not as the last one left them: name → a text that no
 * earlier repair had, e.g. "labels 2026-01-01T00:00:00.000Z".
 */
export type Repairs = { readonly [Kind in keyof KeptParts]: ReadonlyMap<string, string> };

export const noRepairs: Repairs = { nodes: new Map(), networks: new Map(), stacks: new Map() };

/** Environment variable of a verb that runs since something is to be repaired. */
export const repairVariable = "SWARM_REPAIR";

/** The virtual address of the ingress, and the files by which each manager takes part in holding it. */
export const ingressSpec = z.object({
  vip: z.string(),
  managers: z.array(
    z.object({
      name: z.string(),
      files: z.array(z.object({ path: z.string(), permissions: z.string(), content: z.string() })),
    }),
  ),
  deadlineSeconds: z.int(),
});
export type IngressSpec = z.output<typeof ingressSpec>;

/** A stack; `route` is a path that must answer through the ingress before the stack counts as running. */
export const stackSpec = z.object({ name: z.string(), deadlineSeconds: z.int(), route: z.string().optional() });
export type StackSpec = z.output<typeof stackSpec>;

/** What `init` prints; the tokens are secrets. */
export const initResult = z.object({ clusterId: z.string(), managerToken: z.string(), workerToken: z.string() });
export type InitResult = z.output<typeof initResult>;
