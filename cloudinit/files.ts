import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The files that cloud-init writes, by name; read once. */
function file(name: string): string {
  return readFileSync(join(__dirname, "files", name), "utf8");
}

export const files = {
  install: file("swarm-install"),
  guard: file("swarm-guard"),
  guardUnit: file("swarm-guard.service"),
  engine: file("swarm-engine"),
  node: file("swarm-node"),
  nodeUnit: file("swarm-node.service"),
  join: file("swarm-join"),
  joinUnit: file("swarm-join.service"),
  joinPath: file("swarm-join.path"),
  ingress: file("swarm-ingress"),
  overlays: file("swarm-overlays"),
  overlaysUnit: file("swarm-overlays.service"),
  images: file("swarm-images"),
  imagesUnit: file("swarm-images.service"),
  imagesTimer: file("swarm-images.timer"),
  sysctl: file("sysctl.conf"),
  keepalived: file("keepalived.conf"),
} as const;
