import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { out, run, toolchain, type Ran } from "./command";

/** Operations that wait for the cloud at once, by Pulumi and by Terraform. */
export const parallelism = "64";

export interface BenchStackOptions {
  /** Folder of the run that it is part of; the state is in it. */
  readonly folder: string;
  /** Which cloud, by OS_CLOUD and OS_CLIENT_CONFIG_FILE, and what else Pulumi and its plugins are to be told. */
  readonly environment: Readonly<Record<string, string>>;
  readonly deadlineMinutes?: number;
}

/** What bench/program is to make. */
export interface BenchCluster {
  readonly nodes: number;
  /** Whether administrators and users come from other networks than at first. */
  readonly editedRules?: boolean;
}

/** A stack of bench/program, with a state of its own in a folder. */
export class BenchStack {
  constructor(
    private readonly name: string,
    private readonly options: BenchStackOptions,
  ) {}

  /** Makes the stack, empty, in place of one that an earlier run left. */
  async make(): Promise<void> {
    rmSync(this.state, { recursive: true, force: true });
    rmSync(join(out, "config", `Pulumi.${this.name}.yaml`), { force: true });
    for (const folder of [this.state, join(out, "config")]) mkdirSync(folder, { recursive: true });
    await this.pulumi({ nodes: 0 }, ["stack", "init", this.name]);
  }

  async preview(cluster: BenchCluster, words: readonly string[] = []): Promise<Ran> {
    return this.pulumi(cluster, ["preview", ...this.flags, ...words]);
  }

  async up(cluster: BenchCluster, words: readonly string[] = []): Promise<Ran> {
    return this.pulumi(cluster, ["up", ...this.flags, "--yes", "--skip-preview", ...words]);
  }

  async destroy(): Promise<Ran> {
    return this.pulumi({ nodes: 0 }, ["destroy", ...this.flags, "--yes", "--skip-preview"]);
  }

  /** The state as Pulumi exports it, secrets in clear. */
  async exported(): Promise<unknown> {
    return JSON.parse(
      (await this.pulumi({ nodes: 0 }, ["stack", "export", "--stack", this.name, "--show-secrets"])).stdout,
    ) as unknown;
  }

  /** Size of the state as it lies on the backend. */
  stateBytes(): number {
    return statSync(join(this.state, ".pulumi", "stacks", "bench", `${this.name}.json`)).size;
  }

  private get state(): string {
    return join(this.options.folder, `state-${this.name}`);
  }

  private get flags(): readonly string[] {
    return ["--stack", this.name, "--parallel", parallelism];
  }

  private async pulumi({ nodes, editedRules = false }: BenchCluster, words: readonly string[]): Promise<Ran> {
    const { environment, deadlineMinutes } = this.options;
    return run([toolchain, "exec", "pulumi", ...words], {
      cwd: join(__dirname, "program"),
      environment: {
        ...environment,
        BENCH_NODES: String(nodes),
        BENCH_EDITED_RULES: String(editedRules),
        PULUMI_BACKEND_URL: `file://${this.state}`,
        PULUMI_CONFIG_PASSPHRASE: "bench",
      },
      ...(deadlineMinutes === undefined ? {} : { deadlineMinutes }),
    });
  }
}
