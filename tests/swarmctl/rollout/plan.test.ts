import { expect } from "chai";
import fc from "fast-check";
import { clusterHealth } from "../../../ops/swarm/health";
import type { SwarmNodeState } from "../../../ops/swarm/nodes";
import type { ClusterOutputs } from "../../../settings/outputs";
import { planReplacement, planRollout, type Plan } from "../../../swarmctl/rollout/plan";
import { goodSettings } from "../../support/settings";
import { outputsOf, swarmNode } from "../../support/swarm";

const sets = { az1: [0, 2], az2: [0], az3: [0] };
const [m1, m2, m3] = ["test-manager-az1-0", "test-manager-az2-0", "test-manager-az3-0"] as const;
const groups = Object.fromEntries(["az1", "az2", "az3"].map((zone) => [zone, { min: 1, max: 8 }]));

/** A cluster with the named nodes stale; all of them where none are named. */
function stale(names?: readonly string[], workerSets: Record<string, number[]> = sets): ClusterOutputs {
  const outputs = outputsOf("test", workerSets);
  const nodes = outputs.nodes.map((node) => ({
    ...node,
    serverUrn: `urn:${node.name}`,
    stale: names?.includes(node.name) ?? true,
  }));
  return { ...outputs, nodes, staleNodes: nodes.filter((node) => node.stale).length };
}

/**
 * The plan where the swarm's nodes are as they should be, but for some changes by name; `null` is a node that is gone.
 */
function plan(
  outputs: ClusterOutputs,
  { surge = 1, changes = {} }: { surge?: number; changes?: Record<string, Partial<SwarmNodeState> | null> } = {},
): Plan {
  return planRollout(goodSettings({ workerGroups: groups }), outputs, health(outputs, changes), surge);
}

function health(
  outputs: ClusterOutputs,
  changes: Record<string, Partial<SwarmNodeState> | null> = {},
): ReturnType<typeof clusterHealth> {
  const states = outputs.nodes.flatMap(({ name }) => (changes[name] === null ? [] : [swarmNode(name, changes[name])]));
  return clusterHealth(outputs, { states });
}

const exchanges = ({ steps }: Plan): string[] =>
  steps.map(({ old, fresh }) => `${old.join("+")} → ${fresh.join("+")}`.replaceAll("test-", ""));
const down = { Status: { State: "down" } } as const;
const lost = { ...down, ManagerStatus: { Reachability: "unreachable" } } as const;
const leads = { ManagerStatus: { Leader: true, Reachability: "reachable" } } as const;
const follows = { ManagerStatus: { Reachability: "reachable" } } as const;

describe("planRollout", () => {
  it("has nothing to do where nothing is stale, well or not", () => {
    expect(plan(stale([]))).to.deep.equal({ steps: [] });
    expect(plan(stale([]), { changes: { "test-worker-az2-0": down } })).to.deep.equal({ steps: [] });
  });

  it("replaces workers zone by zone, then the managers, those that most likely hold the address late and the leader last", () => {
    expect(exchanges(plan(stale()))).to.deep.equal([
      "worker-az1-0 → worker-az1-1",
      "worker-az1-2 → worker-az1-0",
      "worker-az2-0 → worker-az2-1",
      "worker-az3-0 → worker-az3-1",
      "manager-az3-0 → manager-az3-0",
      "manager-az2-0 → manager-az2-0",
      "manager-az1-0 → manager-az1-0",
    ]);
    expect(exchanges(plan(stale([m1, m2, m3]), { changes: { [m1]: follows, [m3]: leads } }))).to.deep.equal(
      [m2, m1, m3].map((name) => `${name} → ${name}`.replaceAll("test-", "")),
    );
  });

  it("says what each update shall leave, and from what that was made", () => {
    const [first, second] = plan(stale(["test-worker-az1-0", "test-worker-az3-0"])).steps;
    const between = { az1: [1, 2], az2: [0], az3: [0] };
    expect(first).to.deep.equal({
      kind: "workers",
      zone: "az1",
      old: ["test-worker-az1-0"],
      fresh: ["test-worker-az1-1"],
      wanted: between,
      expected: sets,
    });
    expect(second).to.deep.equal({
      kind: "workers",
      zone: "az3",
      old: ["test-worker-az3-0"],
      fresh: ["test-worker-az3-1"],
      wanted: { ...between, az3: [1] },
      expected: between,
    });
    expect(plan(stale([m2])).steps).to.deep.equal([
      { kind: "manager", zone: "az2", old: [m2], fresh: [m2], serverUrn: `urn:${m2}` },
    ]);
  });

  it("replaces as many workers of a zone at once as it may, and never of two zones", () => {
    const many = stale(undefined, { az1: [0, 1, 2], az2: [0], az3: [] });
    expect(exchanges(plan(many, { surge: 2 })).slice(0, 3)).to.deep.equal([
      "worker-az1-0+worker-az1-1 → worker-az1-3+worker-az1-4",
      "worker-az1-2 → worker-az1-0",
      "worker-az2-0 → worker-az2-1",
    ]);
  });

  it("begins with what is not well", () => {
    expect(
      exchanges(
        plan(stale(["test-worker-az1-0", "test-worker-az1-2", m2, m3]), {
          changes: { "test-worker-az1-2": down, [m2]: lost },
        }),
      ),
    ).to.deep.equal([
      "worker-az1-2 → worker-az1-1",
      "worker-az1-0 → worker-az1-2",
      "manager-az2-0 → manager-az2-0",
      "manager-az3-0 → manager-az3-0",
    ]);
  });

  it("leaves a worker to the update that is above its group's limits", () => {
    const outputs = stale(undefined, { az1: [0, 1], az2: [0], az3: [0] });
    const small = goodSettings({ workerGroups: { ...groups, az1: { min: 1, max: 1 } } });
    expect(exchanges(planRollout(small, outputs, health(outputs), 1))[0]).to.equal("worker-az1-0 → worker-az1-1");
    expect(exchanges(planRollout(small, outputs, health(outputs), 1))[1]).to.equal("worker-az2-0 → worker-az2-1");
  });

  const blocks: readonly (readonly [string, Plan, string[], string, boolean])[] = [
    [
      "a new node is not ready",
      plan(stale([m1]), { changes: { "test-worker-az1-0": down, "test-worker-az2-0": null } }),
      [],
      "test-worker-az1-0, test-worker-az2-0: not stale, but not ready; `swarmctl cluster status` says why, `swarmctl node replace NODE` replaces it.",
      true,
    ],
    [
      "nobody leads",
      plan(stale(), { changes: { [m1]: follows } }),
      [],
      "quorum: no manager leads; wait for an election.",
      true,
    ],
    [
      "a manager more cannot be spared",
      plan(stale([m1, m2]), {
        changes: { [m3]: { ...follows, Status: { State: "ready" }, ManagerStatus: { Reachability: "unreachable" } } },
      }),
      [],
      `${m3}: not stale, but not ready; \`swarmctl cluster status\` says why, \`swarmctl node replace NODE\` replaces it.`,
      true,
    ],
  ];
  for (const [what, blocked, steps, why, passes] of blocks) {
    it(`goes no further when ${what}`, () => {
      expect(exchanges(blocked)).to.deep.equal(steps);
      expect(blocked.blocked).to.deep.equal({ why, passes });
    });
  }

  it("says why nobody could be asked", () => {
    const outputs = stale();
    expect(
      planRollout(goodSettings(), outputs, clusterHealth(outputs, { unreachable: "no manager answers" }), 1),
    ).to.deep.equal({
      steps: [],
      blocked: { why: "test: no manager answers", passes: true },
    });
  });

  it("never leaves a group larger or smaller, nor a zone with another number, nor an old worker; each step follows from the one before", () => {
    const held = fc
      .uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 })
      .map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(
        held,
        held,
        held,
        fc.integer({ min: 1, max: 4 }),
        fc.func(fc.boolean()),
        (az1, az2, az3, surge, chosen) => {
          const all = stale(undefined, { az1, az2, az3 });
          const outputs = {
            ...all,
            nodes: all.nodes.map((node) => ({ ...node, stale: node.role === "worker" && chosen(node.name) })),
          };
          const { steps, blocked } = plan(outputs, { surge });
          expect(blocked).to.equal(undefined);
          let current: unknown = outputs.workerSets;
          for (const step of steps) {
            if (step.kind !== "workers") throw new Error("a manager");
            expect(step.expected).to.deep.equal(current);
            expect(Object.entries(step.wanted).map(([group, ordinals]) => [group, ordinals.length])).to.deep.equal(
              Object.entries({ az1, az2, az3 }).map(([group, ordinals]) => [group, ordinals.length]),
            );
            expect(step.old.length).to.be.within(1, surge).and.to.equal(step.fresh.length);
            expect([...step.old, ...step.fresh].every((name) => name.includes(`-${step.zone}-`))).to.equal(true);
            expect(step.old.filter((name) => step.fresh.includes(name))).to.deep.equal([]);
            current = step.wanted;
          }
          expect(steps.flatMap(({ old }) => old).sort()).to.deep.equal(
            outputs.nodes
              .filter((node) => node.stale)
              .map(({ name }) => name)
              .sort(),
          );
        },
      ),
    );
  });
});

describe("planReplacement", () => {
  const replaced = (
    outputs: ClusterOutputs,
    name: string,
    changes: Record<string, Partial<SwarmNodeState> | null> = {},
  ): Plan => planReplacement(goodSettings({ workerGroups: groups }), outputs, health(outputs, changes), [name]);

  it("replaces a node, stale or not, while others are not well", () => {
    expect(exchanges(replaced(stale([]), "test-worker-az1-0", { "test-worker-az2-0": down }))).to.deep.equal([
      "worker-az1-0 → worker-az1-1",
    ]);
  });

  it("replaces the manager that is lost, and no other one, while the quorum has no margin", () => {
    expect(exchanges(replaced(stale([]), m2, { [m2]: lost }))).to.deep.equal(["manager-az2-0 → manager-az2-0"]);
    // its update failed after it had left the swarm
    expect(exchanges(replaced(stale([]), m2, { [m2]: null }))).to.deep.equal(["manager-az2-0 → manager-az2-0"]);
    expect(replaced(stale([]), m3, { [m2]: lost })).to.deep.equal({
      steps: [],
      blocked: {
        why: `${m3}: it cannot be spared; 2 of 3 managers are reachable and 2 are needed. See "A manager dies" in docs/runbook.md.`,
        passes: true,
      },
    });
    expect(replaced(stale([]), m3, { [m2]: null }).blocked?.why).to.match(
      /^test-manager-az3-0: it cannot be spared; 2 of 2 managers are reachable and 2 are needed\./,
    );
  });

  it("does not replace the only manager, nor one whose server is not named", () => {
    const { nodes, ...rest } = stale([]);
    const alone = { ...rest, nodes: nodes.filter(({ name }) => name !== m2 && name !== m3) };
    expect(replaced(alone, m1).blocked).to.deep.equal({
      why: `${m1}: the only manager, and the swarm would go with it; raise settings.managers to 3 first.`,
      passes: false,
    });
    const old = {
      ...rest,
      nodes: nodes.map((node) => {
        const copy = { ...node };
        delete copy.serverUrn;
        return copy;
      }),
    };
    expect(replaced(old, m1).blocked).to.deep.equal({
      why: `${m1}: the outputs do not name its server; run \`pulumi up\` first.`,
      passes: false,
    });
  });

  it("has nothing to do for a worker that its group's limits take away", () => {
    const outputs = stale([], { az1: [0, 1], az2: [0], az3: [0] });
    expect(
      planReplacement(
        goodSettings({ workerGroups: { ...groups, az1: { min: 1, max: 1 } } }),
        outputs,
        health(outputs),
        ["test-worker-az1-1"],
      ),
    ).to.deep.equal({ steps: [] });
  });
});
