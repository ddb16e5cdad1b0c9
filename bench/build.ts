import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { withCappedWaits } from "./capped-waits";
import { root, run } from "./command";

/** What is built for the comparison alone; beside the toolchain's cache. */
const cache = join(process.env["SWARM_CACHE_DIR"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "swarm-openstack"), "bench");

const environment = { CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off", GOTOOLCHAIN: "local" };
const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];

/** Minutes for one build on two cores, its modules' download among them. */
const deadlineMinutes = 40;

/** Builds the provider as a Terraform plugin; hands over the folder that it is in. */
export async function buildTerraformProvider(): Promise<string> {
  const folder = join(cache, "terraform");
  await run(["go", "build", ...flags, "-o", join(folder, "terraform-provider-openstack"), "github.com/terraform-provider-openstack/terraform-provider-openstack"],
    { cwd: join(root, "bench", "provider"), environment, deadlineMinutes });
  return folder;
}

const sdk = "github.com/hashicorp/terraform-plugin-sdk/v2";

/**
 * Builds the Pulumi plugin with a limit on the provider's fixed waits: with a copy of the one module that has them, changed, in
 * the cache, and a copy of go.mod that names it. Go takes no `-overlay` of a file of its module cache.
 *
 * @returns what PULUMI_HOME is to be for Pulumi to find it.
 */
export async function buildTunedPlugin(): Promise<string> {
  const folder = join(cache, "tuned");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const plugins = join(root, "toolchain", "plugins");
  const options = { cwd: plugins, environment, deadlineMinutes };
  await run(["go", "mod", "download", sdk], options);
  const { stdout } = await run(["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", sdk], options);
  const [copy, modules] = [join(folder, "sdk"), join(folder, "go.mod")];
  cpSync(stdout.trim(), copy, { recursive: true });
  const waits = join(copy, "helper", "retry", "state.go");
  // files of the module cache are for reading only
  chmodSync(join(waits, ".."), 0o755);
  chmodSync(waits, 0o644);
  writeFileSync(waits, withCappedWaits(readFileSync(waits, "utf8")));
  for (const file of ["go.mod", "go.sum"]) copyFileSync(join(plugins, file), join(folder, file));
  await run(["go", "mod", "edit", `-replace=${sdk}=${copy}`, modules], options);
  const home = join(folder, "home");
  const plugin = join(home, "plugins", `resource-openstack-v${pluginVersion()}`);
  mkdirSync(plugin, { recursive: true });
  await run(["go", "build", ...flags, `-modfile=${modules}`, "-o", `${plugin}/`, "./cmd/pulumi-resource-openstack"], options);
  return home;
}

function pluginVersion(): string {
  const version = /^OPENSTACK_VERSION=(\S+)$/m.exec(readFileSync(join(root, "toolchain", "versions.env"), "utf8"))?.[1];
  if (version === undefined) throw new Error("toolchain/versions.env: no OPENSTACK_VERSION in it; this is a bug.");
  return version;
}
