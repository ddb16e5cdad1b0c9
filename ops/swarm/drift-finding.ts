import type { StackParts } from "../../settings/stack-parts";
import type { Claim } from "../connection/on-node";
import type { SwarmNodeState } from "./nodes";

// What the detection of drift compares, and what it finds.

/** A node as the last update left it. */
export interface DesiredNode {
  readonly name: string;
  readonly role: "manager" | "worker";
  /** Fixed IPv4 address in the cluster's network. */
  readonly address: string;
  /** Absent when they are not known; labels are not compared then. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** A shared overlay network. */
export interface DesiredNetwork {
  readonly name: string;
  /** Docker's id; absent where only the name is known. */
  readonly id?: string;
}

/** What the swarm holds by the stack's state or outputs. */
export interface Desired {
  readonly nodes: readonly DesiredNode[];
  readonly networks: readonly DesiredNetwork[];
  readonly stacks: readonly StackParts[];
  /** Names of the stack's nodes that this update creates or removes. */
  readonly others: readonly string[];
}

export interface SeenNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
}

/** What the swarm reports. What was not asked for is absent and is not compared. */
export interface SeenSwarm {
  readonly nodes: readonly SwarmNodeState[];
  readonly networks?: readonly SeenNetwork[];
  /** Names of all services. */
  readonly services?: readonly string[];
  /** Answers of nodes that are not Ready, by name. Absent when the nodes were not asked. */
  readonly claims?: ReadonlyMap<string, Claim>;
  /** Names of nodes that are not Ready and were not asked, because time ran out. */
  readonly unasked?: ReadonlySet<string>;
  /** Whether a network bears the stack's own mark. */
  readonly isOurs?: (network: SeenNetwork) => boolean;
}

/** Drift that an update repairs. */
type RepairedCode =
  "node-left" | "node-removed" | "labels" | "drained" | "second-entry" | "network-missing" | "service-missing";
/** Drift that a person decides about. */
type ToldCode =
  | "node-down"
  | "node-missing"
  | "unreachable"
  | "role"
  | "drained-by-hand"
  | "second-machine"
  | "stranger"
  | "network-foreign";

/** What an update repairs: a node's membership, a network, a stack. */
export interface Part {
  readonly kind: "node" | "network" | "stack";
  readonly name: string;
}

/** One way in which the swarm is not as the last update left it. */
export type Finding = { readonly subject: string; readonly problem: string } & (
  | { readonly code: RepairedCode; readonly repairs: readonly [Part, ...Part[]] }
  | { readonly code: ToldCode; readonly advice: string }
);

/** A finding as a line, with the remedy: an update repairs it, or what a person has to do. */
export function sentence(finding: Finding, repair: string): string {
  return `${finding.subject}: ${finding.problem}; ${"repairs" in finding ? repair : finding.advice}.`;
}
