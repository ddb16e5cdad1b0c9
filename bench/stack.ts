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
  /** In place of the toolchain's: where Pulumi finds its plugins. */
  readonly pluginHome?: string;
  readonly deadlineMinutes?: number;
}

/** A stack of bench/program, with a state of its own in a folder. */
export class BenchStack {
  constructor(private readonly name: string, private readonly options: BenchStackOptions) {}

  /** Makes the stack, empty, in place of one that an earlier run left. */
  async make(): Promise<void> {
    rmSync(this.state, { recursive: true, force: true });
    rmSync(join(out, "config", `Pulumi.${this.name}.yaml`), { force: true });
    for (const folder of [this.state, join(out, "config")]) mkdirSync(folder, { recursive: true });
    await this.pulumi(0, ["stack", "init", this.name]);
  }

  async preview(nodes: number, words: readonly string[] = []): Promise<Ran> {
    return this.pulumi(nodes, ["preview", ...this.flags, ...words]);
  }

  async up(nodes: number, words: readonly string[] = []): Promise<Ran> {
    return this.pulumi(nodes, ["up", ...this.flags, "--yes", "--skip-preview", ...words]);
  }

  async destroy(): Promise<Ran> {
    return this.pulumi(0, ["destroy", ...this.flags, "--yes", "--skip-preview"]);
  }

  /** The state as Pulumi exports it, secrets in clear. */
  async exported(): Promise<unknown> {
    return JSON.parse((await this.pulumi(0, ["stack", "export", "--stack", this.name, "--show-secrets"])).stdout) as unknown;
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

  private async pulumi(nodes: number, words: readonly string[]): Promise<Ran> {
    const { environment, pluginHome, deadlineMinutes } = this.options;
    // the toolchain sets its own home, so another one is set behind it
    const home = pluginHome === undefined ? [] : ["env", `PULUMI_HOME=${pluginHome}`];
    return run([toolchain, "exec", ...home, "pulumi", ...words], {
      cwd: join(__dirname, "program"),
      environment: { ...environment, BENCH_NODES: String(nodes), PULUMI_BACKEND_URL: `file://${this.state}`, PULUMI_CONFIG_PASSPHRASE: "bench" },
      ...(deadlineMinutes === undefined ? {} : { deadlineMinutes }),
    });
  }
}
