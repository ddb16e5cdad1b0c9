import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { holderFault, writeScript } from "../../../ops/verbs/hold-ingress";
import type { IngressSpec } from "../../../settings/specs";
import { access, useVerbs } from "../../support/verbs";

describe("holderFault", () => {
  const answers = (...outputs: (string | undefined)[]) =>
    outputs.map((output, index) => ({ name: `m${index}`, output }));
  const rows: readonly (readonly [string, readonly (string | undefined)[], string | undefined])[] = [
    ["one holder whose Traefik answers", ["", "200", ""], undefined],
    ["no keepalived anywhere", ["", "", ""], "m0: does not hold it, m1: does not hold it, m2: does not hold it"],
    ["a holder without Traefik", ["000", "", ""], "m0: 000, m1: does not hold it, m2: does not hold it"],
    ["two holders", ["200", "200", ""], "m0: 200, m1: 200, m2: does not hold it"],
    ["a manager that is away", ["200", "", undefined], undefined],
    ["no holder, and a manager that is away", ["", undefined], "m0: does not hold it, m1: not reached"],
  ];
  for (const [what, outputs, expected] of rows)
    it(`of ${what}`, () => {
      expect(holderFault(answers(...outputs))).to.equal(expected);
    });
});

describe("writeScript", () => {
  it("writes a file that differs, with its permissions, and says so once", () => {
    const path = join(mkdtempSync(join(tmpdir(), "hold-ingress-")), "folder", "keepalived.conf");
    const write = (input: string): string =>
      execFileSync("sh", ["-c", writeScript(path, "0640")], { input })
        .toString()
        .trim();
    expect([write("one\n"), write("one\n"), write("two\n")]).to.deep.equal(["changed", "", "changed"]);
    expect(readFileSync(path, "utf8")).to.equal("two\n");
    expect(statSync(path).mode & 0o777).to.equal(0o640);
  });
});

describe("hold-ingress", function () {
  this.timeout(180_000);
  const { fake, run } = useVerbs();

  const vip = "10.20.0.5";
  const ingress: IngressSpec = {
    vip,
    deadlineSeconds: 20,
    managers: access.managers.map(({ name }) => ({
      name,
      files: [{ path: "/etc/swarm/keepalived.conf", permissions: "0644", content: `of ${name}` }],
    })),
  };

  it("gives managers that run what holds the ingress address, and waits until one holds it", async () => {
    const one = { ...ingress, managers: ingress.managers.slice(0, 1) };
    fake.commandOutput = (command) =>
      command.includes("keepalived.conf") ? "changed\n" : command.includes("address show") ? "200" : "";
    expect(
      (await run("hold-ingress", one, { known: { ...access, managers: access.managers.slice(0, 1) } })).code,
    ).to.equal(0);
    expect(fake.changes[0]).to.match(/^command: sudo sh -c .*keepalived\.conf.* <of test-manager-az1-0>$/);
    expect(fake.changes[1]).to.include("/usr/local/sbin/swarm-install && /usr/local/sbin/swarm-node");
  });

  it("looks at a manager's ingress address where its Docker does not run", async () => {
    fake.dockerRuns = false;
    fake.commandOutput = (command) => (command.includes("address show") ? "200" : "");
    const one = { ...ingress, managers: ingress.managers.slice(0, 1) };
    const { code, stderr } = await run("hold-ingress", one, {
      known: { ...access, managers: access.managers.slice(0, 1) },
    }).finally(() => {
      fake.dockerRuns = true;
    });
    expect(code, stderr).to.equal(0);
  });

  it("holds the ingress address without a manager that does not answer", async () => {
    const [first, second] = access.managers;
    if (first === undefined || second === undefined) throw new Error("two managers are needed");
    fake.commandOutput = (command) => (command.includes("address show") ? "200" : "");
    const two = { ...ingress, managers: ingress.managers.slice(0, 2) };
    const { code, stderr } = await run("hold-ingress", two, {
      known: { ...access, managers: [first, { ...second, host: "127.0.0.9" }] },
    });
    expect(code).to.equal(0);
    expect(stderr).to.include(
      `${second.name}: does not answer, so its configuration of the ingress address stays as it is`,
    );
  });

  it("restarts nothing where a manager has it already, and fails where nobody holds the address", async () => {
    const one = { ...ingress, deadlineSeconds: 6, managers: ingress.managers.slice(0, 1) };
    const { code, stderr } = await run("hold-ingress", one, {
      known: { ...access, managers: access.managers.slice(0, 1) },
    });
    expect(code).to.equal(1);
    expect(stderr).to.include("a manager to answer at the ingress address 10.20.0.5").and.include("does not hold it");
    expect(fake.changes.filter((change) => change.includes("swarm-install"))).to.deep.equal([]);
  });
});
