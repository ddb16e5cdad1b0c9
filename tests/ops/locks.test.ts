import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { LockedError } from "../../ops/errors";
import { breakDeadLocks, clearWay, endOrphans, isHolderDead, lockHolder, type Lock } from "../../ops/locks";

const lock: Lock = { pid: 4711, username: "ann", hostname: "here", timestamp: "2026-01-01T00:00:00Z" };

describe("isHolderDead", () => {
  const rows = [
    ["no process of the number here", "here", "none", true],
    ["another program of the number here", "here", { command: "bash" }, true],
    ["Pulumi here", "here", { command: "pulumi" }, false],
    ["a process that cannot be looked at", "here", { command: undefined }, false],
    ["no process of the number here, the holder elsewhere", "there", "none", false],
  ] as const;
  for (const [what, host, found, expected] of rows) {
    it(`with ${what}: ${expected}`, async () => {
      expect(await isHolderDead({ ...lock, hostname: host }, "here", () => Promise.resolve(found))).to.equal(expected);
    });
  }
});

describe("breakDeadLocks", () => {
  const backend = mkdtempSync(join(tmpdir(), "swarm-test-locks-"));
  const folder = join(backend, ".pulumi", "locks", "organization", "swarm", "s");
  const write = (name: string, content: Partial<Lock>): string => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.json`);
    writeFileSync(path, JSON.stringify({ ...lock, hostname: hostname(), ...content }));
    return path;
  };

  it("breaks a dead holder's lock, says so, and leaves every other", async () => {
    const dead = spawn("true");
    await once(dead, "exit");
    const [broken, elsewhere] = [write("dead", { pid: dead.pid ?? 0 }), write("elsewhere", { pid: dead.pid ?? 0, hostname: "there" })];
    const lines: string[] = [];
    await breakDeadLocks(`file://${backend}`, (line) => lines.push(line));
    expect([existsSync(broken), existsSync(elsewhere)]).to.deep.equal([false, true]);
    expect(lines).to.deep.equal([`The lock of ann's update of 2026-01-01T00:00:00Z is broken: its process ${dead.pid ?? 0} on this machine is dead.`]);
  });

  it("names the holder that lives to the next update of its stack, and to no other", async () => {
    write("elsewhere", { hostname: "there" });
    const busy = await clearWay("s", `file://${backend}`, () => undefined).then(() => "free", (error: unknown) => error);
    expect(busy).to.be.instanceOf(LockedError);
    expect(String(busy)).to.include(`stack s: locked by ann@there's update of 2026-01-01T00:00:00Z (process 4711); try again when it is done`);
    await clearWay("other", `file://${backend}`, () => undefined);
  });

  it("tells the holder that lives to whoever asks, and breaks nothing", async () => {
    const dead = spawn("true");
    await once(dead, "exit");
    const path = write("dead", { pid: dead.pid ?? 0 });
    write("elsewhere", { hostname: "there" });
    expect(await lockHolder("s", `file://${backend}`)).to.equal("ann@there's update of 2026-01-01T00:00:00Z (process 4711)");
    expect([await lockHolder("other", `file://${backend}`), await lockHolder("s", undefined)]).to.deep.equal([undefined, undefined]);
    expect(existsSync(path)).to.equal(true);
    rmSync(path);
  });

  it("leaves a lock that is just being written", async () => {
    const path = join(folder, "half.json");
    writeFileSync(path, "{");
    await breakDeadLocks(`file://${backend}`, () => { throw new Error("nothing to say"); });
    expect(existsSync(path)).to.equal(true);
  });

  it("breaks the lock of a holder elsewhere whose lease has run out, and of no other", async () => {
    const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
    const leases = join(backend, ".swarm", "leases");
    mkdirSync(leases, { recursive: true });
    for (const [host, until] of [["gone", at(-60)], ["late", at(-20)], ["alive", at(60)], ["again", at(-600)]] as const) {
      writeFileSync(join(leases, `${host}.json`), JSON.stringify({ holder: host, until }));
    }
    writeFileSync(join(leases, "broken.json"), "{");
    const paths = Object.fromEntries(["gone", "late", "alive", "again", "broken", "unknown"].map((host) => [host, write(host, { hostname: host, timestamp: at(-300) })]));
    const lines: string[] = [];
    const held = await breakDeadLocks(`file://${backend}`, (line) => lines.push(line));
    // "late" is within what two clocks may differ by; "again" locked it after its lease had run out, so without one
    expect(Object.entries(paths).filter(([, path]) => !existsSync(path)).map(([host]) => host)).to.deep.equal(["gone"]);
    expect(held.map(({ hostname: host }) => host)).to.include.members(["late", "alive", "again", "broken", "unknown"]);
    expect(lines.join()).to.match(/^The lock of ann's update of \S+ is broken: the lease of gone has run out\.$/);
  });

  it("touches nothing of a backend that keeps its locks itself", async () => {
    await breakDeadLocks("https://api.example", () => { throw new Error("nothing to say"); });
    await breakDeadLocks(undefined, () => { throw new Error("nothing to say"); });
  });

});

describe("endOrphans", () => {
  it("ends a plugin that has lost its engine", async () => {
    const orphan = spawn("/bin/sh", ["-c", "read line", "127.0.0.1:1"], { argv0: "/tmp/pulumi-resource-test", stdio: ["pipe", "ignore", "ignore"] });
    await once(orphan, "spawn");
    const ended = once(orphan, "exit");
    const lines: string[] = [];
    await endOrphans((line) => lines.push(line));
    expect((await ended)[1]).to.equal("SIGKILL");
    expect(lines).to.include(`pulumi-resource-test (process ${orphan.pid ?? 0}) has lost its engine at 127.0.0.1:1: it is ended.`);
  });
});
