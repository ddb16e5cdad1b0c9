import { expect } from "chai";
import { emptyMemory, type Memory } from "../../../autoscaler/model/memory";
import type { Failure, Seen } from "../../../autoscaler/model/observation";
import { remember } from "../../../autoscaler/decision/update-memory";
import { ago, busy, goodPolicy, goodSeen, noon } from "../../support/autoscaler";

const policy = goodPolicy();
const nodes = [busy("az1-0", 1), busy("az2-0", 1), busy("az3-0", 1)];
const remembered = (seen: Partial<Seen>, memory: Partial<Memory> = {}, now = noon): Memory =>
  remember(policy, goodSeen(nodes, seen), { ...emptyMemory, ...memory }, now);
const noHost: Failure = {
  kind: "no-valid-host",
  zone: "az2",
  nodes: [{ group: "az2", ordinal: 1 }],
  at: ago(1),
  message: "No valid host was found",
};
const flight = { group: "az2", ordinal: 1, zone: "az2", since: ago(20) };

describe("remember", () => {
  it("changes nothing where nothing is new", () => {
    expect(remembered({})).to.deep.equal({ ...emptyMemory, quota: undefined });
  });

  it("counts a failure once", () => {
    const once = remembered({ failures: [noHost] }, { inFlight: [flight] });
    expect(once.zones).to.deep.equal({
      az2: { failures: 1, lastAt: noon, until: noon + 60_000, why: noHost.message, down: false },
    });
    expect(once.inFlight).to.deep.equal([{ ...flight, failed: noHost.message }]);
    expect(remember(policy, goodSeen(nodes, { failures: [noHost] }), once, noon + 70_000).zones).to.deep.equal(
      once.zones,
    );
  });

  it("doubles the backoff with each failure after it, up to its most", () => {
    let memory: Memory = emptyMemory;
    const durations: number[] = [];
    let now = noon;
    for (let failure = 0; failure < 6; failure += 1) {
      memory = remember(policy, goodSeen(nodes, { failures: [{ ...noHost, at: now }] }), memory, now);
      const until = memory.zones["az2"]?.until ?? 0;
      durations.push((until - now) / 1000);
      now = until + 1000;
    }
    expect(durations).to.deep.equal([60, 120, 240, 480, 900, 900]);
  });

  it("counts failures within a backoff as one", () => {
    const once = remembered({ failures: [noHost] });
    const twice = remember(
      policy,
      goodSeen(nodes, { failures: [{ ...noHost, at: noon + 5000 }] }),
      once,
      noon + 10_000,
    );
    expect(twice.zones["az2"]).to.deep.equal({
      failures: 1,
      lastAt: noon + 10_000,
      until: noon + 60_000,
      why: noHost.message,
      down: false,
    });
  });

  it("forgets a failure after three hours", () => {
    const once = remembered({ failures: [noHost] });
    expect(remember(policy, goodSeen(nodes), once, noon + 10_801_000).zones).to.deep.equal({});
  });

  it("bars every zone for a quota, and none for what was refused", () => {
    const quota = remembered(
      { failures: [{ ...noHost, kind: "quota", message: "Quota exceeded" }] },
      { inFlight: [flight] },
    );
    expect([quota.quota?.until, quota.zones]).to.deep.equal([noon + 60_000, {}]);
    const refused = remembered({ failures: [{ ...noHost, kind: "refused" }] }, { inFlight: [flight] });
    expect([refused.quota, refused.zones, refused.inFlight]).to.deep.equal([undefined, {}, []]);
  });

  it("keeps on its way what was refused and is seen none the less", () => {
    const refused: Failure = { ...noHost, kind: "refused" };
    expect(
      remembered({ failures: [refused], inFlight: [{ ...flight, since: ago(10) }] }, { inFlight: [flight] }).inFlight,
    ).to.deep.equal([{ ...flight, since: ago(10) }]);
    expect(
      remembered({ failures: [refused], workerSets: { az2: [0, 1] } }, { inFlight: [flight] }).inFlight,
    ).to.deep.equal([{ ...flight, since: noon }]);
  });

  it("takes back a removal that was refused", () => {
    const drains = [{ group: "az1", ordinal: 0, because: "load" as const, since: ago(5) }];
    expect(
      remembered(
        { failures: [{ kind: "refused", nodes: [{ group: "az1", ordinal: 0 }], at: ago(1), message: "locked" }] },
        { drains },
      ).drains,
    ).to.deep.equal([]);
    expect(remembered({}, { drains }).drains).to.deep.equal(drains);
  });

  it("counts a node that does not join, once", () => {
    const late = remembered({}, { inFlight: [{ ...flight, since: ago(301) }] });
    expect([late.zones["az2"]?.why, late.inFlight[0]?.failed]).to.deep.equal([
      "az2-1 did not join within 300 s",
      "az2-1 did not join within 300 s",
    ]);
    expect(remember(policy, goodSeen(nodes), late, noon + 70_000).zones["az2"]?.failures).to.equal(1);
  });

  it("ends a flight and the probation of its zone when the node joins", () => {
    const zones = { az2: { failures: 2, lastAt: ago(100), until: ago(40), why: "x", down: false } };
    const joined = remember(
      policy,
      goodSeen([...nodes, busy("az2-1", 0)]),
      { ...emptyMemory, inFlight: [flight], zones },
      noon,
    );
    expect([joined.inFlight, joined.zones, joined.lastJoinAt]).to.deep.equal([[], {}, noon]);
  });

  it("does not end the probation for a node that was asked for before the failure", () => {
    const zones = { az2: { failures: 2, lastAt: ago(10), until: noon + 50_000, why: "x", down: false } };
    expect(
      remember(policy, goodSeen([...nodes, busy("az2-1", 0)]), { ...emptyMemory, inFlight: [flight], zones }, noon)
        .zones,
    ).to.deep.equal(zones);
  });

  it("takes nodes that the stack holds and the swarm does not know as on their way, after a restart without memory", () => {
    expect(
      remembered({
        workerSets: { az1: [0], az2: [0, 1], az3: [0] },
        inFlight: [{ group: "az3", ordinal: 1, zone: "az3", since: ago(50) }],
      }).inFlight,
    ).to.deep.equal([
      { group: "az3", ordinal: 1, zone: "az3", since: ago(50) },
      { group: "az2", ordinal: 1, zone: "az2", since: noon },
    ]);
  });

  it("notes since when a node is down, and forgets it when it is back", () => {
    const broken = goodSeen([...nodes.slice(0, 2), busy("az3-0", 1, { state: "down" })]);
    const once = remember(policy, broken, emptyMemory, noon);
    expect(once.downSince).to.deep.equal({ "az3-0": noon });
    expect(remember(policy, broken, once, noon + 10_000).downSince).to.deep.equal({ "az3-0": noon });
    expect(remember(policy, goodSeen(nodes), once, noon + 20_000).downSince).to.deep.equal({});
  });

  it("bars a zone from when it is down until a while after it is back", () => {
    const gone = remembered({ unavailableZones: ["az3"] });
    const still = remember(policy, goodSeen(nodes, { unavailableZones: ["az3"] }), gone, noon + 600_000);
    const back = remember(policy, goodSeen(nodes), still, noon + 610_000);
    expect([gone, still, back].map(({ zones }) => zones["az3"])).to.deep.equal([
      {
        failures: 1,
        lastAt: noon,
        until: noon + 60_000,
        why: "it was down: the cloud calls it unavailable",
        down: true,
      },
      {
        failures: 1,
        lastAt: noon + 600_000,
        until: noon + 660_000,
        why: "it was down: the cloud calls it unavailable",
        down: true,
      },
      {
        failures: 1,
        lastAt: noon + 600_000,
        until: noon + 660_000,
        why: "it was down: the cloud calls it unavailable",
        down: false,
      },
    ]);
  });

  it("ends a removal when nothing of the node is left, and keeps its ordinal for an hour", () => {
    const drains = [{ group: "az1", ordinal: 7, because: "load" as const, since: ago(60) }];
    const gone = remembered({}, { drains });
    expect([gone.drains, gone.removed]).to.deep.equal([[], [{ group: "az1", ordinal: 7, at: noon }]]);
    expect(remember(policy, goodSeen(nodes), gone, noon + 3_601_000).removed).to.deep.equal([]);
  });
});
