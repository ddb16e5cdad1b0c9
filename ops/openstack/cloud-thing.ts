import { ownerMark, ownerResource } from "../../settings/names";
import { resourceNamed, type StateResource } from "../stack-state/state";

/** A resource on the cloud: its kind, as people call it, its id and its name. */
export interface CloudThing {
  readonly kind:
    | "server"
    | "load balancer"
    | "floating IP"
    | "router interface"
    | "port"
    | "router"
    | "subnet"
    | "network"
    | "security rule"
    | "security group"
    | "server group";
  readonly id: string;
  readonly name: string;
  /** What the request that creates it names, by Pulumi's names of the inputs. */
  readonly made: Readonly<Record<string, string | number | null>>;
  /** Of a server: its addresses, and Nova's status. */
  readonly addresses?: readonly string[];
  readonly status?: string;
  /** Of a port: the id of the device that uses it. */
  readonly deviceId?: string;
  /** Of a security group. */
  readonly tags?: readonly string[];
}

/** What a stack's state knows about the cloud: its owner, and the ids of its resources. */
export interface Known {
  readonly cluster: string;
  /** The mark on the cluster's resources; absent until the stack has an owner. */
  readonly mark?: string;
  readonly owner?: string;
  readonly ids: ReadonlySet<string>;
}

/** Reads it from a stack's state. Pure. */
export function knownBy(cluster: string, state: readonly StateResource[]): Known {
  const owner = resourceNamed(state, ownerResource(cluster))?.outputs?.["stdout"];
  const ids = new Set(state.map(({ id }) => id).filter((id) => id !== undefined));
  return typeof owner === "string" && owner !== ""
    ? { cluster, mark: ownerMark(cluster, owner), owner, ids }
    : { cluster, ids };
}
