import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { root, run } from "./command";

/** What is built for the comparison alone; beside the toolchain's cache. */
const cache = join(
  process.env["SWARM_CACHE_DIR"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "swarm-openstack"),
  "bench",
);

const environment = { CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off", GOTOOLCHAIN: "local" };
const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];

/** Minutes for one build on two cores, its modules' download among them. */
const deadlineMinutes = 40;

/** A release of the Terraform provider: its Go package, and the module in bench/provider that pins it. */
export interface ProviderRelease {
  readonly version: string;
  readonly module: string;
  readonly package: string;
}

/** The provider that upstream's plugin for the npm package has. */
export const upstreamProvider: ProviderRelease = {
  version: "1.54.1",
  module: "v1",
  package: "github.com/terraform-provider-openstack/terraform-provider-openstack",
};

/** The provider that the toolchain's plugin has. */
export const ownProvider: ProviderRelease = {
  version: "3.4.0",
  module: "v3",
  package: "github.com/terraform-provider-openstack/terraform-provider-openstack/v3",
};

/** Builds a release of the provider as a Terraform plugin; hands over the folder that it is in. */
export async function buildTerraformProvider({ module, package: name }: ProviderRelease): Promise<string> {
  const folder = join(cache, "terraform", module);
  mkdirSync(folder, { recursive: true });
  await run(["go", "build", ...flags, "-o", join(folder, "terraform-provider-openstack"), name], {
    cwd: join(root, "bench", "provider", module),
    environment,
    deadlineMinutes,
  });
  return folder;
}
