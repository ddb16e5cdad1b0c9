import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { files } from "../../cloudinit/files";

/** What `ip -o link show type vxlan` prints of a device of the host's namespace. */
function device(index: number, name: string): string {
  return `${index}: ${name}: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN mode DEFAULT group default \\    link/ether 4a:f7:f4:0e:f2:b1 brd ff:ff:ff:ff:ff:ff`;
}

/** Runs the script until it has looked at all of these; hands over the names of the devices that it deleted, in order. */
function deleted(looks: readonly (readonly string[])[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "swarm-overlays-"));
  try {
    looks.forEach((lines, index) => { writeFileSync(join(folder, `look-${index}`), lines.map((line) => `${line}\n`).join("")); });
    writeFileSync(join(folder, "now"), "0");
    writeFileSync(join(folder, "ip"), `#!/bin/sh\nif [ "$2" = delete ]; then echo "$3" >>${folder}/deleted; else cat "${folder}/look-$(cat ${folder}/now)"; fi\n`);
    writeFileSync(join(folder, "sleep"), `#!/bin/sh\nnext=$(($(cat ${folder}/now) + 1))\necho $next >${folder}/now\n[ $next -lt ${looks.length} ] || kill $PPID\n`);
    for (const program of ["ip", "sleep"]) chmodSync(join(folder, program), 0o755);
    const { signal, stderr } = spawnSync("sh", ["-c", files.overlays], { env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` }, timeout: 10_000, encoding: "utf8" });
    expect(signal, stderr).to.equal("SIGTERM");
    const list = join(folder, "deleted");
    return existsSync(list) ? readFileSync(list, "utf8").trim().split("\n") : [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("swarm-overlays", () => {
  const [ingress, control] = [device(5, "vx-001001-ck7h4"), device(8, "vx-001003-9t6ae")];
  const rows: readonly (readonly [string, readonly (readonly string[])[], readonly string[]])[] = [
    ["deletes nothing where there is nothing", [[], [], []], []],
    ["leaves a device that Docker moves on in time", [[ingress], [], [control], []], []],
    ["deletes each that two looks in a row find", [[ingress, control], [ingress, control], []], ["vx-001001-ck7h4", "vx-001003-9t6ae"]],
    ["tells a new device from an earlier one of its name", [[ingress], [device(9, "vx-001001-ck7h4")], []], []],
    ["leaves devices that are not Docker's", [[device(3, "flannel.1")], [device(3, "flannel.1")], []], []],
  ];
  for (const [what, looks, names] of rows) it(what, () => { expect(deleted(looks)).to.deep.equal(names); });
});
