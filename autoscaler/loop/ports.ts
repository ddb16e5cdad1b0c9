import type { SwarmNodeState } from "../../ops/swarm/nodes";
import type { SwarmService, SwarmTask } from "../../ops/swarm/services";
import type { KeptRecord } from "../../ops/swarm/config-record";
import type { UpdateStep } from "../../ops/pulumi/events";
import type { WorkerSets } from "../../settings/ordinals";
import type { ClusterOutputs } from "../../settings/outputs";
import type { CpuSeen } from "../model/observation";

// What the loop has to do with: metrics, the swarm, the stack, and those who are told. Tests and dry runs have others
// of each.

/** The figures of a tick. */
export interface Figures {
  /** Of all workers; absent where there is none. */
  readonly cpu?: CpuSeen;
  /** Why there is none, as a clause. */
  readonly fault?: string;
  /** By zone. */
  readonly zoneCpu: Readonly<Record<string, CpuSeen>>;
  /** Cores that each service uses, by its name; empty where nothing tells. */
  readonly serviceCores: Readonly<Record<string, number>>;
}

export interface MetricsPort {
  /** Reads the figures over a window. Never fails: what cannot be read is said in the figures. */
  read(windowSeconds: number): Promise<Figures>;
}

/** What the swarm says, of one moment. */
export interface SwarmView {
  readonly nodes: readonly SwarmNodeState[];
  /** Tasks that are meant to run. */
  readonly tasks: readonly SwarmTask[];
  readonly services: readonly SwarmService[];
  /** What the autoscaler keeps in the swarm; absent before its first tick. */
  readonly record?: KeptRecord | undefined;
}

export interface SwarmPort {
  /** @throws OperationError when no manager answers. */
  view(access: ClusterOutputs["access"]): Promise<SwarmView>;
  /** Puts a record in the place of the one that was read. @throws BusyError when somebody else did so in between. */
  keep(text: string, known: KeptRecord | undefined): Promise<KeptRecord>;
  /** Takes a node's tasks away and marks it as drained by the autoscaler. */
  drain(nodeId: string, mark: string): Promise<void>;
  /** Gives a node tasks again and takes the mark away. */
  activate(nodeId: string): Promise<void>;
  /** Has the swarm place a service's tasks anew. */
  forceUpdate(serviceId: string): Promise<void>;
  close(): void;
}

/** What an update shall leave, and what it was decided from. */
export interface UpdateOrder {
  readonly wanted: WorkerSets;
  readonly expected: WorkerSets;
  readonly timeoutSeconds: number;
}

export interface StackPort {
  /**
   * What the last update left; kept for a while where it need not be fresh. @throws OperationError when it cannot be
   * read and was not before.
   */
  outputs(fresh: boolean): Promise<ClusterOutputs>;
  /** Fingerprint of the program that an update would run. */
  readonly program: string;
  /**
   * Runs an update, to its end.
   *
   * @throws BusyError when another update is at it: nothing was begun.
   * @throws UpdateError when it fails or is interrupted.
   */
  update(order: UpdateOrder, signal: AbortSignal): Promise<readonly UpdateStep[]>;
  /** Whose update holds the stack's lock; undefined where none does, or the backend does not say. Never fails. */
  lockHolder(): Promise<string | undefined>;
  /** Zones that the cloud itself calls unavailable; empty where it does not say. */
  unavailableZones(): Promise<readonly string[]>;
}

/** Something that happens to the cluster's size, for those who are told. */
export interface ScaleEvent {
  /** Of the decision; its beginning and its end have the same. */
  readonly operation: string;
  readonly phase: "started" | "done" | "failed";
  readonly kind: "scale-out" | "scale-in";
  /** Workers before, and after or as wanted. */
  readonly from: number;
  readonly to: number;
  readonly why: string;
  /** By `<group>-<ordinal>`. */
  readonly nodes: readonly string[];
  /** From the decision to the last node; absent at its beginning. */
  readonly seconds?: number;
  readonly at: number;
}

/** The figures are missing, and since when. */
export interface Blindness {
  readonly since: number;
  /** What is the case and what would have to be, as clauses. */
  readonly value: string;
  readonly needs: string;
}

/** Told of things; never fails, since a scale-out must not hang on a message. */
export interface NotifyPort {
  scaled(event: ScaleEvent): Promise<void>;
  blind(blindness: Blindness): Promise<void>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
