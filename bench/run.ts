import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { emptyImage } from "./settings";
import { terraformOf } from "./terraform";

// `make bench`: what a cluster's resources on OpenStack take, by Pulumi and by Terraform with the same provider, on the lab.
// Prints a table and writes bench/out/results.json. BENCH_ROUNDS: rounds, 3 by default.

const root = join(__dirname, "..");
const out = join(__dirname, "out");
const log = join(out, "bench.log");
const parallelism = "64";
const deadlineMinutes = 20;

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  OS_CLOUD: "lab",
  OS_CLIENT_CONFIG_FILE: join(process.env["LAB_STATE"] ?? "/var/lib/swarm-lab", "clouds.yaml"),
  PULUMI_BACKEND_URL: `file://${join(out, "state")}`,
  PULUMI_CONFIG_PASSPHRASE: "bench",
  TF_CLI_CONFIG_FILE: join(out, "terraformrc"),
  CHECKPOINT_DISABLE: "1",
};

/** Runs a command and hands over its seconds and standard output; all output goes to the log. */
async function run(argv: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}): Promise<{ seconds: number; stdout: string }> {
  const [program = "", ...words] = argv;
  const begun = Date.now();
  appendFileSync(log, `\n$ ${argv.join(" ")}\n`);
  const child = spawn(program, words, { cwd, env: { ...environment, ...more }, stdio: ["ignore", "pipe", "pipe"], timeout: deadlineMinutes * 60_000 });
  let stdout = "";
  child.stdout.on("data", (data: Buffer) => { stdout += data.toString(); appendFileSync(log, data); });
  child.stderr.on("data", (data: Buffer) => { appendFileSync(log, data); });
  const code = await new Promise((resolve, reject) => { child.once("close", resolve); child.once("error", reject); });
  if (code !== 0) throw new Error(`${argv.join(" ")}: ended with ${String(code)}; see the end of ${log}`);
  return { seconds: (Date.now() - begun) / 1000, stdout };
}

type Step = "create" | "no-op" | "no-op with refresh" | "one more node" | "destroy";
const steps: readonly Step[] = ["create", "no-op", "no-op with refresh", "one more node", "destroy"];

interface Tool {
  readonly name: string;
  readonly step: (step: Step) => Promise<number>;
}

const workers = 1;

async function pulumi(words: readonly string[], count = workers): Promise<{ seconds: number; stdout: string }> {
  return run([join(root, "toolchain", "toolchain"), "exec", "pulumi", ...words], join(__dirname, "program"), { BENCH_WORKERS: String(count) });
}

const up = ["--stack", "bench", "--parallel", parallelism, "--yes", "--skip-preview"];
const pulumiTool: Tool = {
  name: "pulumi",
  step: async (step) => {
    switch (step) {
      case "create": return (await pulumi(["up", ...up])).seconds;
      case "no-op": return (await pulumi(["preview", "--stack", "bench", "--expect-no-changes"])).seconds;
      case "no-op with refresh": return (await pulumi(["preview", "--stack", "bench", "--refresh", "--expect-no-changes"])).seconds;
      case "one more node": return (await pulumi(["up", ...up], workers + 1)).seconds;
      case "destroy": return (await pulumi(["destroy", ...up])).seconds;
    }
  },
};

const terraformFolder = join(out, "terraform");
const configurations = { small: "", large: "" };
const apply = ["-auto-approve", `-parallelism=${parallelism}`, "-input=false", "-no-color"];

async function terraform(words: readonly string[], configuration = configurations.small): Promise<number> {
  writeFileSync(join(terraformFolder, "main.tf.json"), configuration);
  return (await run(["terraform", ...words], terraformFolder)).seconds;
}

const terraformTool: Tool = {
  name: "terraform",
  step: async (step) => {
    switch (step) {
      case "create": return terraform(["apply", ...apply]);
      case "no-op": return terraform(["plan", "-detailed-exitcode", "-refresh=false", `-parallelism=${parallelism}`, "-input=false", "-no-color"]);
      case "no-op with refresh": return terraform(["plan", "-detailed-exitcode", `-parallelism=${parallelism}`, "-input=false", "-no-color"]);
      case "one more node": return terraform(["apply", ...apply], configurations.large);
      case "destroy": return terraform(["destroy", ...apply], configurations.large);
    }
  },
};

/** The resources of a stack as Terraform's configuration. */
async function asTerraform(): Promise<string> {
  const { stdout } = await pulumi(["stack", "export", "--stack", "bench", "--show-secrets"]);
  return JSON.stringify(terraformOf(JSON.parse(stdout)), null, 1);
}

async function prepare(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(terraformFolder, { recursive: true });
  mkdirSync(join(out, "state"));
  writeFileSync(log, "");
  const provider = join(process.env["SWARM_CACHE_DIR"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "swarm-openstack"), "bench");
  await run(["go", "build", "-mod=readonly", "-trimpath", "-o", join(provider, "terraform-provider-openstack"),
    "github.com/terraform-provider-openstack/terraform-provider-openstack"], join(__dirname, "provider"), { CGO_ENABLED: "0", GOFLAGS: "" });
  writeFileSync(environment["TF_CLI_CONFIG_FILE"] ?? "", `provider_installation {\n  dev_overrides { "terraform-provider-openstack/openstack" = ${JSON.stringify(provider)} }\n  direct {}\n}\n`);
  const empty = join(out, "empty.raw");
  writeFileSync(empty, "");
  truncateSync(empty, 1 << 20);
  const { stdout } = await run(["openstack", "image", "list", "--name", emptyImage, "-f", "value", "-c", "ID"], out);
  if (stdout.trim() === "") await run(["openstack", "image", "create", "--disk-format", "raw", "--container-format", "bare", "--file", empty, emptyImage], out);
  await pulumi(["stack", "select", "--create", "bench"]);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

async function main(): Promise<void> {
  if (!existsSync("/sys/class/net/lab-mgmt")) throw new Error("no lab here; run `make lab`");
  await prepare();
  const rounds = Number(process.env["BENCH_ROUNDS"] ?? "3");
  const seconds = new Map<string, number[]>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const tool of [pulumiTool, terraformTool]) {
      for (const step of steps) {
        // Terraform's configuration is what Pulumi made
        if (tool === pulumiTool && round === 1 && step === "destroy") configurations.large = await asTerraform();
        const took = await tool.step(step);
        if (tool === pulumiTool && round === 1 && step === "create") configurations.small = await asTerraform();
        process.stdout.write(`round ${round} of ${rounds}: ${tool.name}: ${step}: ${took.toFixed(1)} s\n`);
        const key = `${tool.name} ${step}`;
        seconds.set(key, [...seconds.get(key) ?? [], took]);
      }
    }
  }
  const results = steps.flatMap((step) => {
    const [ours = NaN, theirs = NaN] = [pulumiTool, terraformTool].map(({ name }) => median(seconds.get(`${name} ${step}`) ?? []));
    return [
      { name: `${step}, pulumi`, value: ours, unit: "s" }, { name: `${step}, terraform`, value: theirs, unit: "s" },
      { name: `${step}, pulumi to terraform`, value: ours / theirs, unit: "ratio", bound: 1 },
    ];
  });
  writeFileSync(join(out, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`\nmedians of ${rounds} rounds:\n`);
  for (const { name, value, unit, bound } of results as readonly { name: string; value: number; unit: string; bound?: number }[]) {
    process.stdout.write(`${name.padEnd(46)} ${value.toFixed(2).padStart(8)} ${unit}${bound === undefined ? "" : ` (aim: ${bound} at most)`}\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
