import { expect } from "chai";
import fc from "fast-check";
import { countWorkers, freeOrdinal, planWorkerSets, type WorkerSets } from "../../settings/ordinals";
import { readWanted, WantedError } from "../../settings/wanted";
import { goodSettings } from "../support/settings";

/** az1 1 to 4, az2 and az3 1 to 3. */
const settings = goodSettings();
const previous: WorkerSets = { az1: [0, 2], az2: [0], az3: [5] };

function faultsOf(
  wanted: unknown,
  options: { settings?: typeof settings; previous?: WorkerSets; expected?: unknown } = {},
): string[] {
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  const expected = options.expected === undefined ? undefined : text(options.expected);
  try {
    readWanted({ wanted: text(wanted), expected }, options.settings ?? settings, options.previous ?? previous);
  } catch (error) {
    if (error instanceof WantedError)
      expect(error.isOvertaken).to.equal(
        error.faults.some(({ problem }) => problem.startsWith("the last update left")),
      );
    if (error instanceof WantedError) return error.faults.map(({ path, problem }) => `${path}: ${problem}`);
    throw error;
  }
  return [];
}

const words = `use an object of group to ordinals from 0 to 9999, e.g. {"az1":[0,1]}.`;
const table: readonly (readonly [string, unknown, readonly string[]])[] = [
  ["text that is no JSON", "az1=3", [`SWARM_WANTED_WORKERS: "az1=3" is no JSON; ${words}`]],
  [
    "counts in place of ordinals",
    { az1: 2, az2: [0], az3: [0] },
    [`SWARM_WANTED_WORKERS.az1: 2 is not allowed; ${words}`],
  ],
  [
    "ordinals that are none",
    { az1: [-1, 10_000, 1.5], az2: [0], az3: [0] },
    [-1, 10_000, 1.5].map((bad, index) => `SWARM_WANTED_WORKERS.az1.${index}: ${bad} is not allowed; ${words}`),
  ],
  [
    "an ordinal twice",
    { az1: [1, 1], az2: [0], az3: [0] },
    ["SWARM_WANTED_WORKERS.az1: 1 stands there twice; name each ordinal once."],
  ],
  [
    "a group that nobody knows",
    { az1: [0], az2: [0], az3: [0], gpu: [0] },
    ["SWARM_WANTED_WORKERS.gpu: there is no such group; the groups are az1, az2, az3."],
  ],
  [
    "a group that is left away",
    { az1: [0], az2: [0] },
    ["SWARM_WANTED_WORKERS.az3: missing; name every group, one without workers as []."],
  ],
  [
    "more than a group may have",
    { az1: [0, 1, 2, 3, 4], az2: [0], az3: [0] },
    [
      "SWARM_WANTED_WORKERS.az1: 5 workers are above max 4 of the group; want 4 at most, or raise settings.workerGroups.az1.max.",
    ],
  ],
  [
    "fewer than a group must have",
    { az1: [], az2: [0], az3: [0] },
    [
      "SWARM_WANTED_WORKERS.az1: 0 workers are below min 1 of the group; want 1 or more, or lower settings.workerGroups.az1.min.",
    ],
  ],
  [
    "everything at once",
    { az1: [3, 3], az3: [0, 1, 2, 3], old: [] },
    [
      "SWARM_WANTED_WORKERS.old: there is no such group; the groups are az1, az2, az3.",
      "SWARM_WANTED_WORKERS.az1: 3 stands there twice; name each ordinal once.",
      "SWARM_WANTED_WORKERS.az2: missing; name every group, one without workers as [].",
      "SWARM_WANTED_WORKERS.az3: 4 workers are above max 3 of the group; want 3 at most, or raise settings.workerGroups.az3.max.",
    ],
  ],
];

describe("readWanted", () => {
  it("takes a set within every limit as it is", () => {
    expect(readWanted({ wanted: `{"az1":[9,0],"az2":[0],"az3":[5]}` }, settings, previous)).to.deep.equal({
      az1: [9, 0],
      az2: [0],
      az3: [5],
    });
  });

  for (const [what, wanted, expected] of table)
    it(`refuses ${what}`, () => {
      expect(faultsOf(wanted)).to.deep.equal(expected);
    });

  const limited = goodSettings({ autoscale: { minNodes: 4, maxNodes: 5 } });
  const sets = (...counts: number[]): WorkerSets =>
    Object.fromEntries(
      counts.map((count, index) => [`az${index + 1}`, Array.from({ length: count }, (_, ordinal) => ordinal)]),
    );

  it("refuses what lies outside the limits of the cluster", () => {
    expect(faultsOf(sets(2, 2, 2), { settings: limited })).to.deep.equal([
      "SWARM_WANTED_WORKERS: 6 workers are above maxNodes 5 of the cluster; want 5 at most, or raise settings.autoscale.maxNodes.",
    ]);
    expect(faultsOf(sets(1, 1, 1), { settings: limited })).to.deep.equal([
      "SWARM_WANTED_WORKERS: 3 workers are below minNodes 4 of the cluster; want 4 or more, or lower settings.autoscale.minNodes.",
    ]);
  });

  it("lets a cluster whose limits were changed come to them in steps", () => {
    expect(faultsOf(sets(3, 3, 1), { settings: limited, previous: sets(4, 3, 3) })).to.deep.equal([]);
    expect(faultsOf(sets(4, 3, 3), { settings: limited, previous: sets(3, 3, 3) })).to.have.length(1);
    expect(faultsOf(sets(1, 1, 1), { settings: limited, previous: sets(1, 1, 1) })).to.deep.equal([]);
  });

  it("refuses a set that was made from another one than the last update left", () => {
    const wanted = { az1: [0, 2, 3], az2: [0], az3: [5] };
    expect(faultsOf(wanted, { expected: { az3: [5], az2: [0], az1: [2, 0], gone: [] } })).to.deep.equal([]);
    const [fault] = faultsOf(wanted, { expected: { az1: [0], az2: [0], az3: [5] } });
    expect(fault).to.equal(
      `SWARM_EXPECTED_WORKERS: the last update left {"az1":[0,2],"az2":[0],"az3":[5]}, not {"az1":[0],"az2":[0],"az3":[5]}; look at the cluster again and repeat the change.`,
    );
  });

  it("lets through exactly the sets that the plan then takes unchanged", () => {
    const held = fc.uniqueArray(fc.nat(12), { maxLength: 5 });
    fc.assert(
      fc.property(held, held, held, (az1, az2, az3) => {
        const wanted = { az1, az2, az3 };
        const within =
          az1.length >= 1 && az1.length <= 4 && [az2, az3].every(({ length }) => length >= 1 && length <= 3);
        expect(faultsOf(wanted).length === 0).to.equal(within);
        if (!within) return;
        const planned = planWorkerSets(settings.workerGroups, previous, wanted);
        for (const [name, ordinals] of Object.entries(wanted))
          expect(planned[name]).to.have.members(ordinals).and.have.length(ordinals.length);
      }),
    );
  });
});

describe("freeOrdinal and countWorkers", () => {
  it("fill the first gap and count over the groups", () => {
    expect([[], [0, 1, 3], [1]].map(freeOrdinal)).to.deep.equal([0, 2, 0]);
    expect(countWorkers(previous)).to.equal(4);
  });
});
