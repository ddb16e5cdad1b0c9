import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { files } from "../../cloudinit/files";

/** A device of the host's namespace, as its folder below /sys/class/net has it. */
interface Device {
  readonly index: number;
  readonly name: string;
}

/**
 * Runs the script until it has looked at all of these; hands over the names of the devices that it deleted, in order.
 */
function deleted(looks: readonly (readonly Device[])[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "swarm-overlays-"));
  try {
    looks.forEach((devices, look) => {
      mkdirSync(join(folder, `look-${look}`));
      for (const { index, name } of devices) {
        mkdirSync(join(folder, `look-${look}`, name));
        writeFileSync(join(folder, `look-${look}`, name, "ifindex"), `${index}\n`);
      }
    });
    writeFileSync(join(folder, "now"), "0");
    symlinkSync("look-0", join(folder, "net"));
    writeFileSync(join(folder, "ip"), `#!/bin/sh\necho "$3" >>${folder}/deleted\n`);
    writeFileSync(
      join(folder, "sleep"),
      `#!/bin/sh\nnext=$(($(cat ${folder}/now) + 1))\necho $next >${folder}/now\nln -sfn look-$next ${folder}/net\n[ $next -lt ${looks.length} ] || kill $PPID\n`,
    );
    for (const program of ["ip", "sleep"]) chmodSync(join(folder, program), 0o755);
    const { signal, stderr } = spawnSync("sh", ["-c", files.overlays, "swarm-overlays", join(folder, "net")], {
      env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
      timeout: 10_000,
      encoding: "utf8",
    });
    expect(signal, stderr).to.equal("SIGTERM");
    const list = join(folder, "deleted");
    return existsSync(list) ? readFileSync(list, "utf8").trim().split("\n") : [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("swarm-overlays", () => {
  const [ingress, control] = [
    { index: 5, name: "vx-001001-ck7h4" },
    { index: 8, name: "vx-001003-9t6ae" },
  ];
  const rows: readonly (readonly [string, readonly (readonly Device[])[], readonly string[]])[] = [
    ["deletes nothing where there is nothing", [[], [], []], []],
    ["leaves a device that Docker moves on in time", [[ingress], [], [control], []], []],
    [
      "deletes each that two looks in a row find",
      [[ingress, control], [ingress, control], []],
      ["vx-001001-ck7h4", "vx-001003-9t6ae"],
    ],
    [
      "tells a new device from an earlier one of its name",
      [[ingress], [{ index: 9, name: "vx-001001-ck7h4" }], []],
      [],
    ],
    [
      "leaves devices that are not Docker's",
      [[{ index: 3, name: "flannel.1" }], [{ index: 3, name: "flannel.1" }], []],
      [],
    ],
  ];
  for (const [what, looks, names] of rows)
    it(what, () => {
      expect(deleted(looks)).to.deep.equal(names);
    });
});
