import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { out, run } from "./command";
import { emptyImage } from "./settings";

/** Environment that names a cloud: OS_CLOUD and OS_CLIENT_CONFIG_FILE. */
export type Cloud = Readonly<Record<"OS_CLOUD" | "OS_CLIENT_CONFIG_FILE", string>>;

/**
 * The embedded lab.
 *
 * @throws Error when it is down: its addresses are somebody else's then and must not be asked.
 */
export function labCloud(): Cloud {
  if (!existsSync("/sys/class/net/lab-mgmt")) throw new Error("no lab here; run `make lab`.");
  return {
    OS_CLOUD: "lab",
    OS_CLIENT_CONFIG_FILE: join(process.env["LAB_STATE"] ?? "/var/lib/swarm-lab", "clouds.yaml"),
  };
}

/** Makes the image of nothing on a cloud that does not have it. */
export async function uploadEmptyImage(environment: Cloud): Promise<void> {
  const folder = join(out, "image");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "empty.raw");
  writeFileSync(file, "");
  truncateSync(file, 1 << 20);
  const { stdout } = await run(["openstack", "image", "list", "--name", emptyImage, "-f", "value", "-c", "ID"], {
    cwd: folder,
    environment,
  });
  if (stdout.trim() !== "") return;
  await run(
    ["openstack", "image", "create", "--disk-format", "raw", "--container-format", "bare", "--file", file, emptyImage],
    { cwd: folder, environment },
  );
}
