import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openBackend, type Backend } from "../../../ops/stack-state/backend";
import { LockedError } from "../../../ops/errors";
import { noteHolder } from "../../../ops/stack-state/lock-holders";
import { LeaseWatch } from "../../../ops/stack-state/lease";
import { breakDeadLocks, clearWay, lockHolder, noteUpdate, type Lock } from "../../../ops/stack-state/locks";

const quiet = (): void => {
  throw new Error("nothing to say");
};

/** A backend of files, and what Pulumi and its starters write into it. */
class Place {
  readonly folder = mkdtempSync(join(tmpdir(), "swarm-test-locks-"));
  readonly url = `file://${this.folder}`;
  readonly backend: Backend = openBackend(this.url) ?? expect.fail("no backend");
  private readonly locks = join(this.folder, ".pulumi", "locks", "organization", "swarm", "s");

  lock(name: string, content: Partial<Lock>): string {
    mkdirSync(this.locks, { recursive: true });
    const path = join(this.locks, `${name}.json`);
    writeFileSync(
      path,
      JSON.stringify({
        pid: 4711,
        username: "ann",
        hostname: hostname(),
        timestamp: new Date().toISOString(),
        ...content,
      }),
    );
    return path;
  }

  /** The records of holders, which a test may change. */
  holders(): { path: string; holder: Record<string, unknown> }[] {
    const folder = join(this.folder, ".swarm", "holders", "s");
    return existsSync(folder)
      ? readdirSync(folder).map((name) => ({
          path: join(folder, name),
          holder: JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>,
        }))
      : [];
  }

  changeHolders(change: Record<string, unknown>): void {
    for (const { path, holder } of this.holders()) writeFileSync(path, JSON.stringify({ ...holder, ...change }));
  }
}

/** A process that stands for a Pulumi. */
function start(): ChildProcess & { readonly pid: number } {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  return Object.assign(child, { pid: child.pid ?? expect.fail("not started") });
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const isFree = async (place: Place): Promise<boolean> =>
  clearWay("s", place.url, () => undefined).then(
    () => true,
    (error: unknown) => {
      if (error instanceof LockedError) return false;
      throw error;
    },
  );

describe("a lock", () => {
  for (const [what, lock] of [
    ["by whoever started it", undefined],
    ["by its program", "one"],
  ] as const) {
    it(`that was noted ${what} is broken when its process is dead, and not before`, async () => {
      const [place, holder] = [new Place(), start()];
      await noteHolder(place.backend, "s", holder.pid, lock === undefined ? {} : { lock });
      const path = place.lock("one", { pid: holder.pid });
      expect([await isFree(place), (await lockHolder("s", place.url)) === undefined], "while it lives").to.deep.equal([
        false,
        false,
      ]);
      await end(holder);
      expect([await isFree(place), existsSync(path)], "when it is dead").to.deep.equal([true, false]);
    });
  }

  it("that nobody noted stays, whatever its host name and number say", async () => {
    const [place, holder] = [new Place(), start()];
    await end(holder);
    place.lock("one", { pid: holder.pid });
    expect(await isFree(place)).to.equal(false);
  });

  for (const [what, change] of [
    ["on another kernel", { bootId: "other" }],
    ["in another namespace of process numbers", { pidNamespace: "pid:[1]" }],
    ["on another machine", { machineId: "other" }],
  ] as const) {
    it(`of a holder ${what} stays, though name and number are those of a dead process here`, async () => {
      const [place, holder] = [new Place(), start()];
      await noteHolder(place.backend, "s", holder.pid, { lock: "one" });
      place.lock("one", { pid: holder.pid });
      place.changeHolders({ space: { ...(place.holders()[0]?.holder["space"] as object), ...change } });
      await end(holder);
      expect(await isFree(place)).to.equal(false);
    });
  }

  it("of a holder whose number belongs to a later process now is broken where a record names the lock", async () => {
    for (const [lock, free] of [
      ["one", true],
      [undefined, false],
    ] as const) {
      const [place, later] = [new Place(), start()];
      await noteHolder(place.backend, "s", later.pid, lock === undefined ? {} : { lock });
      place.changeHolders({ ticks: "1" });
      place.lock("one", { pid: later.pid });
      expect(await isFree(place), lock).to.equal(free);
      await end(later);
    }
  });

  it("stays while one of two that may hold it is not proven dead, and where the dead one was started long before", async () => {
    const [place, dead, alive] = [new Place(), start(), start()];
    await noteHolder(place.backend, "s", dead.pid);
    await noteHolder(place.backend, "s", alive.pid);
    await end(dead);
    place.changeHolders({ pid: dead.pid });
    const both = place.holders();
    writeFileSync(
      both[0]?.path ?? "",
      JSON.stringify({ ...both[0]?.holder, space: { machineId: "", bootId: "other", pidNamespace: "" } }),
    );
    place.lock("one", { pid: dead.pid });
    expect(await isFree(place), "one of them runs elsewhere").to.equal(false);
    place.changeHolders({ space: both[1]?.holder["space"], at: new Date(Date.now() - 300_000).toISOString() });
    expect(await isFree(place), "started five minutes before the lock").to.equal(false);
    place.changeHolders({ at: new Date().toISOString() });
    expect(await isFree(place)).to.equal(true);
    await end(alive);
  });

  it("says whose it was when it is broken, and leaves those of other stacks to theirs", async () => {
    const [place, holder] = [new Place(), start()];
    await noteHolder(place.backend, "s", holder.pid);
    const { timestamp } = JSON.parse(readFileSync(place.lock("one", { pid: holder.pid }), "utf8")) as Lock;
    await clearWay("other", place.url, quiet);
    await end(holder);
    const lines: string[] = [];
    expect(await breakDeadLocks(place.url, (line) => lines.push(line))).to.deep.equal([]);
    expect(lines).to.deep.equal([
      `The lock of ann's update of ${timestamp} is broken: its process ${holder.pid} on this machine is dead.`,
    ]);
  });

  it("of one that lives is named to the next update of its stack and to whoever asks", async () => {
    const place = new Place();
    place.lock("one", { hostname: "there", timestamp: "2026-01-01T00:00:00Z" });
    const busy = await clearWay("s", place.url, () => undefined).then(
      () => "free",
      (error: unknown) => error,
    );
    expect(busy).to.be.instanceOf(LockedError);
    expect(String(busy)).to.include(
      "stack s: locked by ann@there's update of 2026-01-01T00:00:00Z (process 4711); try again when it is done",
    );
    expect(await lockHolder("s", place.url)).to.equal("ann@there's update of 2026-01-01T00:00:00Z (process 4711)");
    expect([await lockHolder("other", place.url), await lockHolder("s", undefined)]).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it("that is just being written stays", async () => {
    const place = new Place();
    const path = place.lock("half", {});
    writeFileSync(path, "{");
    await breakDeadLocks(place.url, quiet);
    expect(existsSync(path)).to.equal(true);
  });

  describe("under a lease", () => {
    let place: Place;
    let seconds: number;
    const watch = (): LeaseWatch => new LeaseWatch(() => seconds * 1000);
    const renew = async (lease: string): Promise<void> =>
      place.backend.write(`.swarm/leases/${lease}.json`, JSON.stringify({ holder: "m1", renewals: seconds }));
    /** A lock of another machine, which is an hour behind. */
    const lockOf = async (lease: string): Promise<void> => {
      const at = new Date(Date.now() - 3_600_000).toISOString();
      await place.backend.write(
        `.swarm/holders/s/${lease}.json`,
        JSON.stringify({
          lock: lease,
          lease,
          hostname: "m1",
          pid: 1,
          ticks: "1",
          space: { machineId: "", bootId: "elsewhere", pidNamespace: "" },
          at,
        }),
      );
      place.lock(lease, { hostname: "m1", timestamp: at });
    };
    beforeEach(() => {
      [place, seconds] = [new Place(), 0];
    });

    it("is broken when that was not renewed for 180 s of one's own clock, and no lock that has no lease any more", async () => {
      const leases = watch();
      for (const name of ["gone", "alive", "given-back"]) {
        await lockOf(name);
        await renew(name);
      }
      place.lock("unknown", { hostname: "m1" });
      const looks = async (): Promise<unknown> =>
        (await breakDeadLocks(place.url, () => undefined, leases))
          .map(({ name, isUndecided }) => `${name} ${isUndecided}`)
          .sort();
      expect(await looks()).to.deep.equal(["alive true", "given-back true", "gone true", "unknown false"]);
      seconds = 20;
      await renew("alive");
      await place.backend.remove(".swarm/leases/given-back.json");
      expect(await looks()).to.deep.equal(["alive false", "given-back false", "gone true", "unknown false"]);
      seconds = 185;
      await renew("alive");
      expect(await looks()).to.deep.equal(["alive false", "given-back false", "unknown false"]);
    });

    it("keeps the next update waiting until it has run out, and is broken then", async () => {
      await lockOf("gone");
      await renew("gone");
      const lines: string[] = [];
      // each look takes place a minute after the one before
      await clearWay(
        "s",
        place.url,
        (line) => lines.push(line),
        new LeaseWatch(() => {
          seconds += 30;
          return seconds * 1000;
        }),
        0.01,
      );
      expect(lines.join("\n")).to.match(/^The lock of ann's update of \S+ is broken: the lease of m1 has run out\.$/);
    });

    it("refuses the next update as soon as it is renewed", async () => {
      await lockOf("alive");
      await renew("alive");
      const renewing = setTimeout(() => {
        seconds = 20;
        void renew("alive");
      }, 100);
      const begun = Date.now();
      const error = await clearWay("s", place.url, quiet, watch(), 0.05).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      clearTimeout(renewing);
      expect(error).to.be.instanceOf(LockedError);
      expect(Date.now() - begun).to.be.within(90, 5000);
    });

    it("does not keep updates of other stacks waiting, nor who only looks", async () => {
      await lockOf("gone");
      await renew("gone");
      const begun = Date.now();
      await clearWay("other", place.url, quiet, watch());
      const leases = watch();
      expect(await lockHolder("s", place.url, leases)).to.match(/^ann@m1's update/);
      seconds = 180;
      expect(await lockHolder("s", place.url, leases)).to.equal(undefined);
      expect(Date.now() - begun).to.be.below(5000);
    });
  });

  it("is noted by the program of its update alone, as the lock of one of its ancestors", async () => {
    const place = new Place();
    await noteUpdate("s", { PULUMI_BACKEND_URL: place.url });
    place.lock("other", { pid: 1, hostname: "there" });
    place.lock("own", { pid: process.ppid });
    await noteUpdate("s", { PULUMI_BACKEND_URL: place.url, SWARM_LEASE_NAME: "x" });
    expect(place.holders().map(({ holder: { lock, pid, lease } }) => ({ lock, pid, lease }))).to.deep.equal([
      { lock: "own", pid: process.ppid, lease: "x" },
    ]);
  });

  it("leaves no record behind: those of updates that are over go after ten minutes, with their leases", async () => {
    const [place, holder] = [new Place(), start()];
    await place.backend.write(
      ".swarm/leases/x.json",
      JSON.stringify({ holder: "m1", until: new Date(0).toISOString() }),
    );
    await noteHolder(place.backend, "s", holder.pid, { lease: "x" });
    await breakDeadLocks(place.url, quiet);
    expect(place.holders()).to.have.length(1);
    place.changeHolders({ at: new Date(Date.now() - 660_000).toISOString() });
    await breakDeadLocks(place.url, quiet);
    expect([place.holders(), await place.backend.list(".swarm/leases/")]).to.deep.equal([[], []]);
    await end(holder);
  });

  it("of a backend that keeps its locks itself is nobody's here", async () => {
    await breakDeadLocks("https://api.example", quiet);
    await breakDeadLocks(undefined, quiet);
  });
});
