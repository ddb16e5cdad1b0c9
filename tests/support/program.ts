import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { expect } from "chai";
import { clusterOutputs, type ClusterOutputs } from "../../settings/outputs";
import { initSpec, nodeSpec, type InitSpec, type NodeSpec } from "../../settings/specs";
import { cloudAnswers, cloudCalls, tokens } from "./cluster";
import { mockEngine, settled, valueOf, type Recorder } from "./pulumi";
import { outputsOf } from "./swarm";
import program from "../../index";

export interface Run {
  readonly recorder: Recorder;
  /** The stack's outputs. */
  readonly outputs: Record<string, unknown>;
  /** What programs read of them. */
  readonly cluster: ClusterOutputs;
}

/** What the last run registered, whether the run succeeded or not. */
let last: Recorder | undefined;

/** Types of the resources that the last run registered; undefined before the first run. */
export function lastTypes(): string[] | undefined {
  return last?.registrations.map(({ type }) => type);
}

/** Runs index.ts once under mocks, as Pulumi does. */
export async function runProgram(configuration: Record<string, unknown>, previous?: ClusterOutputs): Promise<Run> {
  const recorder = mockEngine({
    answers: {
      ...cloudAnswers(),
      "pulumi:pulumi:StackReference": () => ({
        outputs: previous === undefined ? {} : { cluster: previous },
        secretOutputNames: ["cluster"],
      }),
    },
    calls: cloudCalls,
  });
  last = recorder;
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(configuration).map(([key, value]) => [
        `swarm:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );
  const made = await program();
  expect(await pulumi.isSecret(made["cluster"] as pulumi.Output<unknown>), "the contract").to.equal(true);
  const outputs = await valueOf(pulumi.output(made));
  await settled();
  return { recorder, outputs, cluster: clusterOutputs.parse(outputs["cluster"]) };
}

/** The key that marks a value as a secret on its way to the engine. */
export const secretMark = "4dabf18193072939515e22adb298388d";
export interface Secret {
  readonly value: Readonly<Record<string, string>>;
}

/** The outputs of a cluster's last update. */
export const previousOutputs = outputsOf(
  "test",
  { az1: [1, 3], az2: [0, 1], az3: [] },
  {
    joinTokens: { manager: tokens.managerToken, worker: tokens.workerToken },
    access: { user: "swarm", privateKey: "key", managers: [] },
  },
);

export interface WrittenFile {
  readonly path: string;
  readonly permissions: string;
  readonly content: string;
}

function userData(inputs: Record<string, unknown>): { write_files: WrittenFile[] } {
  const value = inputs["userData"];
  const secret = typeof value === "object" && value !== null && "value" in value ? value.value : value;
  return parse(String(secret)) as { write_files: WrittenFile[] };
}

/** Paths of the files that user data writes. */
export function paths(inputs: Record<string, unknown>): string[] {
  return userData(inputs).write_files.map(({ path }) => path);
}

/** The file that user data writes to a path. */
export function written(inputs: Record<string, unknown>, path: string): WrittenFile | undefined {
  return userData(inputs).write_files.find((file) => file.path === path);
}

/** The spec that the init verb gets. */
export function initOf({ recorder }: Pick<Run, "recorder">): InitSpec {
  return initSpec.parse(
    JSON.parse((recorder.named("test-managers-init").inputs["environment"] as Secret).value["SWARM_SPEC"] ?? ""),
  );
}

/** The specs that the admissions of the nodes get. */
export function admissions({ recorder }: Run): NodeSpec[] {
  return recorder
    .ofType("command:local:Command")
    .filter(({ name }) => name.includes("-membership-"))
    .map(({ inputs }) => nodeSpec.parse(JSON.parse((inputs["environment"] as Secret).value["SWARM_SPEC"] ?? "")));
}
