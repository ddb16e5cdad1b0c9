import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { files } from "../../cloudinit/files";

interface Run {
  readonly status: number | null;
  readonly rules: readonly string[];
  readonly sleeps: number;
  readonly stderr: string;
}

/**
 * Runs the script as often as asked with stand-ins for iptables and ip6tables that keep a list of rules.
 *
 * @param refusals how many times an `-A` is refused first.
 */
function run({ times = 1, refusals = 0 }: { readonly times?: number; readonly refusals?: number } = {}): Run {
  const folder = mkdtempSync(join(tmpdir(), "swarm-guard-"));
  try {
    const program = `#!/bin/sh
name=\${0##*/}; [ "$1 $2 $3 $4" = "-w 60 -t raw" ] || exit 9; action=$5; shift 5
case $action in
  -C) grep -qxF -- "$name $*" ${folder}/rules ;;
  -A) left=$(cat ${folder}/refusals); if [ "$left" -gt 0 ]; then echo $((left - 1)) >${folder}/refusals; echo refused >&2; exit 4; fi; echo "$name $*" >>${folder}/rules ;;
esac
`;
    for (const name of ["iptables", "ip6tables"]) writeFileSync(join(folder, name), program);
    writeFileSync(join(folder, "sleep"), `#!/bin/sh\necho >>${folder}/sleeps\n`);
    writeFileSync(join(folder, "rules"), "");
    writeFileSync(join(folder, "refusals"), `${refusals}\n`);
    for (const name of ["iptables", "ip6tables", "sleep"]) chmodSync(join(folder, name), 0o755);
    let result = { status: null as number | null, stderr: "" };
    for (let time = 0; time < times; time += 1) {
      result = spawnSync("sh", ["-c", files.guard], {
        env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
        timeout: 10_000,
        encoding: "utf8",
      });
    }
    const lines = (name: string): string[] =>
      existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1) : [];
    return { status: result.status, rules: lines("rules"), sleeps: lines("sleeps").length, stderr: result.stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bridged = "iptables PREROUTING -d 169.254.169.254/32 -j DROP";
const inHostNetwork = "iptables OUTPUT -d 169.254.169.254/32 -m cgroup --path containers.slice -j DROP";

describe("swarm-guard", () => {
  it("keeps containers of every bridge and of the host's network from the metadata service", () => {
    const { status, rules } = run();
    expect(status).to.equal(0);
    expect(rules.filter((rule) => rule.startsWith("iptables"))).to.deep.equal([bridged, inHostNetwork]);
    for (const rule of rules.filter((one) => one.startsWith("ip6tables"))) {
      expect(rule).to.equal("ip6tables OUTPUT -d fe80::a9fe:a9fe/128 -m cgroup --path containers.slice -j DROP");
    }
  });

  it("adds each rule once, however often it runs", () => {
    expect(run({ times: 3 }).rules).to.deep.equal(run().rules);
  });

  it("tries again where iptables refuses a rule", () => {
    const { status, rules, sleeps } = run({ refusals: 2 });
    expect({ status, rules, sleeps }).to.deep.equal({ status: 0, rules: run().rules, sleeps: 2 });
  });

  it("fails, so that Docker does not start, where a rule cannot be added", () => {
    const { status, stderr } = run({ refusals: 99 });
    expect(status).to.equal(1);
    expect(stderr).to.include("swarm-guard: a rule of the metadata guard cannot be added");
  });

  it("runs before Docker, which does not start without it", () => {
    expect(files.guardUnit)
      .to.match(/^Before=docker\.service /m)
      .and.match(/^Requires=containers\.slice$/m);
  });
});
