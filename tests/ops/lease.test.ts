import { mock } from "node:test";
import { expect } from "chai";
import type { Backend } from "../../ops/backend";
import { holdLease, ranOut } from "../../ops/lease";

/** A backend in memory that can be cut off. */
class Memory implements Backend {
  readonly texts = new Map<string, string>();
  reachable = true;
  list(prefix: string): Promise<string[]> { return Promise.resolve([...this.texts.keys()].filter((key) => key.startsWith(prefix))); }
  read(key: string): Promise<string | undefined> { return Promise.resolve(this.texts.get(key)); }
  version(key: string): Promise<string | undefined> { return this.read(key); }
  write(key: string, text: string): Promise<void> {
    if (!this.reachable) return Promise.reject(new Error("unreachable"));
    this.texts.set(key, text);
    return Promise.resolve();
  }
  remove(key: string): Promise<void> { this.texts.delete(key); return Promise.resolve(); }
}

const start = Date.parse("2026-01-01T00:00:00Z");

describe("a lease", () => {
  const key = ".swarm/leases/autoscaler-m1.json";
  let backend: Memory;
  let gaveUp: number[];
  const until = (): number => (Date.parse((JSON.parse(backend.texts.get(key) ?? "{}") as { until: string }).until) - start) / 1000;
  /** Lets seconds pass, one by one, with all that hangs on them. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      mock.timers.tick(1000);
      await new Promise((resolve) => { process.nextTick(resolve); });
    }
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ["setInterval", "Date"], now: start });
    [backend, gaveUp] = [new Memory(), []];
  });
  afterEach(() => { mock.timers.reset(); });
  const hold = async (): Promise<() => Promise<void>> => holdLease(backend, "autoscaler-m1", () => gaveUp.push((Date.now() - start) / 1000));

  it("is renewed every 20 s while its holder lives, and given back", async () => {
    const giveBack = await hold();
    expect(until()).to.equal(180);
    await pass(600);
    expect(until()).to.equal(780);
    await giveBack();
    expect([...backend.texts]).to.deep.equal([]);
    await pass(600);
    expect([[...backend.texts], gaveUp]).to.deep.equal([[], []]);
  });

  it("makes its holder give up 30 s before it runs out when it cannot be renewed, once", async () => {
    await hold();
    await pass(60);
    backend.reachable = false;
    await pass(600);
    expect(gaveUp).to.deep.equal([211]);
    expect(until(), "what others read").to.equal(240);
  });

  it("outlives a backend that is away for two minutes", async () => {
    const giveBack = await hold();
    backend.reachable = false;
    await pass(120);
    backend.reachable = true;
    await pass(120);
    expect([gaveUp, until() > 300]).to.deep.equal([[], true]);
    await giveBack();
  });

  it("proves its holder dead when it has run out, by more than clocks differ, and only for what was locked before", async () => {
    backend.texts.set(key, JSON.stringify({ holder: "autoscaler-m1", until: new Date(start).toISOString() }));
    const at = (seconds: number): number => start + seconds * 1000;
    expect(await ranOut(backend, "autoscaler-m1", at(-100), at(29))).to.equal(false);
    expect(await ranOut(backend, "autoscaler-m1", at(-100), at(31))).to.equal(true);
    expect(await ranOut(backend, "autoscaler-m1", at(5), at(31))).to.equal(false);
    expect(await ranOut(backend, "autoscaler-m2", at(-100), at(31))).to.equal(false);
  });
});
