import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { madeWith } from "../../settings/lasting";
import { initSpec, nodeSpec, type InitSpec, type NodeSpec } from "../../settings/specs";
import { cloudAnswers, cloudCalls, tokens } from "./cluster";
import { mockEngine, settled, valueOf, type Recorder } from "./pulumi";
import { goodSettings } from "./settings";
import program from "../../index";

export interface Run {
  readonly recorder: Recorder;
  readonly outputs: Record<string, unknown>;
}

/** What the last run registered, whether the run succeeded or not. */
let last: Recorder | undefined;

/** Types of the resources that the last run registered; undefined before the first run. */
export function lastTypes(): string[] | undefined {
  return last?.registrations.map(({ type }) => type);
}

/** Runs index.ts once under mocks, as Pulumi does. */
export async function runProgram(
  configuration: Record<string, unknown>,
  previous: Record<string, unknown> = {},
): Promise<Run> {
  const recorder = mockEngine({
    answers: {
      ...cloudAnswers(),
      "pulumi:pulumi:StackReference": () => ({
        outputs: previous,
        secretOutputNames: Object.keys(previous).filter((key) => ["joinTokens", "access"].includes(key)),
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
  const outputs = await valueOf(pulumi.output(await program()));
  await settled();
  return { recorder, outputs };
}

/** The key that marks a value as a secret on its way to the engine. */
export const secretMark = "4dabf18193072939515e22adb298388d";
export interface Secret {
  readonly value: Readonly<Record<string, string>>;
}

/** The outputs of a cluster's last update. */
export const previousOutputs = {
  clusterId: "cluster-id",
  madeWith: madeWith(goodSettings()),
  nodes: ["az1", "az2", "az3"].map((zone, index) => ({
    name: `test-manager-${zone}-0`,
    role: "manager",
    zone,
    group: "managers",
    ordinal: 0,
    address: `10.20.0.${10 + index}`,
    stale: false,
  })),
  workerSets: { az1: [1, 3], az2: [0, 1], az3: [] },
  joinTokens: { manager: tokens.managerToken, worker: tokens.workerToken },
  access: { user: "swarm", privateKey: "key", managers: [] },
};

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
export function initOf({ recorder }: Run): InitSpec {
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
