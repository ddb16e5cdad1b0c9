import { mock } from "node:test";
import { expect } from "chai";
import type { Backend } from "../../../ops/stack-state/backend";
import { holdLease, LeaseWatch, type LeaseState } from "../../../ops/stack-state/lease";

/** A backend in memory that can be cut off. */
class Memory implements Backend {
  readonly texts = new Map<string, string>();
  reachable = true;
  list(prefix: string): Promise<string[]> {
    return Promise.resolve([...this.texts.keys()].filter((key) => key.startsWith(prefix)));
  }
  read(key: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(key));
  }
  version(key: string): Promise<string | undefined> {
    return this.read(key);
  }
  write(key: string, text: string): Promise<void> {
    if (!this.reachable) return Promise.reject(new Error("unreachable"));
    this.texts.set(key, text);
    return Promise.resolve();
  }
  remove(key: string): Promise<void> {
    this.texts.delete(key);
    return Promise.resolve();
  }
}

const start = Date.parse("2026-01-01T00:00:00Z");

describe("a lease", () => {
  const key = ".swarm/leases/autoscaler-m1.json";
  let backend: Memory;
  let gaveUp: number[];
  const renewals = (): number => (JSON.parse(backend.texts.get(key) ?? "{}") as { renewals: number }).renewals;
  /** Lets seconds pass, one by one, with all that hangs on them. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      mock.timers.tick(1000);
      await new Promise((resolve) => {
        process.nextTick(resolve);
      });
    }
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ["setInterval", "Date"], now: start });
    [backend, gaveUp] = [new Memory(), []];
  });
  afterEach(() => {
    mock.timers.reset();
  });
  const hold = async (): Promise<() => Promise<void>> =>
    holdLease(backend, "autoscaler-m1", () => gaveUp.push((Date.now() - start) / 1000));

  it("is renewed every 20 s while its holder lives, and given back", async () => {
    const giveBack = await hold();
    expect(renewals()).to.equal(1);
    await pass(600);
    expect(renewals()).to.equal(31);
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
    expect(renewals(), "what others read").to.equal(4);
  });

  it("outlives a backend that is away for two minutes", async () => {
    const giveBack = await hold();
    backend.reachable = false;
    await pass(120);
    backend.reachable = true;
    await pass(120);
    const late = renewals();
    await pass(20);
    expect([gaveUp, renewals() - late]).to.deep.equal([[], 1]);
    await giveBack();
  });

  it("is given up in time by the monotonic clock, where the other one was set back", async () => {
    await hold();
    backend.reachable = false;
    await pass(1);
    const clock = mock.method(performance, "now", () => 1_000_000_000);
    await pass(1);
    clock.mock.restore();
    expect(gaveUp).to.deep.equal([2]);
  });
});

describe("a watch of leases", () => {
  let backend: Memory;
  let seconds: number;
  let watch: LeaseWatch;
  beforeEach(() => {
    [backend, seconds] = [new Memory(), 0];
    watch = new LeaseWatch(() => seconds * 1000);
  });
  /** Writes the lease, or takes it away, and looks at it at a second. */
  const look = async (at: number, text?: string, lock = "one"): Promise<LeaseState> => {
    seconds = at;
    if (text === undefined) backend.texts.clear();
    else backend.texts.set(".swarm/leases/m1.json", text);
    return watch.look(backend, "m1", lock);
  };

  it("goes by its own looks, whatever the lease says of clocks", async () => {
    // as earlier releases wrote it, by a clock that is an hour behind
    const text = JSON.stringify({ holder: "m1", until: "2000-01-01T00:00:00.000Z" });
    expect([await look(0, text), await look(100, text), await look(179, text), await look(180, text)]).to.deep.equal([
      "watched",
      "watched",
      "watched",
      "run-out",
    ]);
  });

  it("sees that its holder lives at the first renewal, and begins anew with each", async () => {
    expect([await look(0, "1"), await look(10, "2"), await look(189, "2"), await look(190, "2")]).to.deep.equal([
      "watched",
      "renewed",
      "renewed",
      "run-out",
    ]);
    expect([await look(195, "3"), await look(374, "3"), await look(900, "3")]).to.deep.equal([
      "renewed",
      "renewed",
      "run-out",
    ]);
  });

  it("knows nothing of one that was given back, and of a lock that came later no more than it saw since", async () => {
    expect([await look(0, "1"), await look(5), await look(300, "1")]).to.deep.equal([
      "watched",
      "given-back",
      "watched",
    ]);
    expect([await look(480, "1"), await look(480, "1", "later"), await look(600, "1", "later")]).to.deep.equal([
      "run-out",
      "watched",
      "watched",
    ]);
  });
});
