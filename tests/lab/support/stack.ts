import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { openBackend } from "../../../ops/stack-state/backend";
import { withManager } from "../../../ops/connection/managers";
import { listNodes, type SwarmNodeState } from "../../../ops/swarm/nodes";
import { readOutputs } from "../../../ops/stack-state/outputs";
import type { ClusterOutputs } from "../../../settings/outputs";
import { servers } from "./lab";
import { CommandFailed, logFolder, root, run, type RunResult } from "./run";

/** Where the running lab is. */
export const labState = process.env["LAB_STATE"] ?? "/var/lib/swarm-lab";

/** Where the lab's object store keeps its objects, all that Pulumi notes of a stack among them. */
export const objectFolder = join(labState, "state", "hosts", "controller", "var", "lib", "swift", "devices");

/** The lab's bucket of states, as its URL; the key to it is in the environment from then on. */
export function labBackend(): string {
  process.env["AWS_SHARED_CREDENTIALS_FILE"] = join(labState, "s3-credentials");
  return execFileSync(join(root, "lab", "lab"), ["backend"], { encoding: "utf8" }).trim();
}

/** Values of a stack's configuration by key, `swarm:` before each. */
export type Configuration = Record<string, unknown>;

/** The lab's own configuration, as the checkout has it. */
export function labConfiguration(): Configuration {
  return (parse(readFileSync(join(root, "Pulumi.lab.yaml"), "utf8")) as { config: Configuration }).config;
}

/**
 * A stack of the program on the lab. Its configuration is a file of this run; edits of it are what a person would do.
 */
export class LabStack {
  private readonly configFile: string;

  constructor(
    readonly name: string,
    config: Configuration,
  ) {
    this.configFile = join(logFolder, `Pulumi.${name}.yaml`);
    this.write(config);
  }

  /** What lab/pulumi is told by the environment. */
  get environment(): Readonly<Record<string, string>> {
    return { SWARM_LAB_STACK: this.name, SWARM_LAB_CONFIG: this.configFile };
  }

  /** Edits the configuration; what is handed over takes the edit back. */
  editConfig(change: (config: Configuration) => void): () => void {
    const before = readFileSync(this.configFile);
    const { config } = parse(before.toString()) as { config: Configuration };
    change(config);
    this.write(config);
    return () => {
      writeFileSync(this.configFile, before);
    };
  }

  private write(config: Configuration): void {
    writeFileSync(this.configFile, stringify({ config }));
  }

  /** Runs Pulumi. An `up` from nothing took 9 minutes when it was measured, all else much less. */
  async pulumi(...words: string[]): Promise<RunResult> {
    return run(["lab/pulumi", ...words], { deadlineMinutes: 45, environment: this.environment });
  }

  /** Brings the cluster up to what the configuration says. Why a server is in ERROR, only Nova says, not Pulumi. */
  async up(): Promise<RunResult> {
    try {
      return await this.pulumi("up", "--yes", "--skip-preview");
    } catch (error) {
      const fault = (await servers().catch(() => [])).find((server) => server.fault !== undefined);
      if (!(error instanceof CommandFailed) || fault === undefined) throw error;
      throw new CommandFailed(`error: ${fault.name}: ${fault.fault ?? ""}\n${error.message}`, error.output);
    }
  }

  /** Whether an update of the stack is under way. */
  async isLocked(): Promise<boolean> {
    return ((await openBackend(labBackend())?.list(`.pulumi/locks/organization/swarm/${this.name}/`)) ?? []).length > 0;
  }

  async outputs(): Promise<ClusterOutputs> {
    const { stdout } = await this.pulumi("stack", "output", "--json", "--show-secrets");
    return readOutputs(JSON.parse(stdout));
  }

  async nodes(): Promise<SwarmNodeState[]> {
    return withManager((await this.outputs()).access, listNodes);
  }
}
