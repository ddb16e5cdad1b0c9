import { expect } from "chai";
import type { DockerNode } from "../../../ops/connection/docker";
import { OperationError } from "../../../ops/errors";
import { forgetGhosts, ghosts, unreadiness, updateNode, type SwarmNodeState } from "../../../ops/swarm/nodes";

function node(changes: Partial<SwarmNodeState>): SwarmNodeState {
  return {
    ID: "n",
    Version: { Index: 1 },
    Spec: { Role: "worker", Availability: "active" },
    Status: { State: "ready" },
    ...changes,
  };
}

describe("unreadiness", () => {
  const manager = { Spec: { Role: "manager", Availability: "active" } } as const;
  const rows: readonly (readonly [string, "manager" | "worker", readonly SwarmNodeState[], string | undefined])[] = [
    ["a ready worker", "worker", [node({})], undefined],
    ["nobody", "worker", [], "not in the swarm"],
    ["a worker that is down", "worker", [node({ Status: { State: "down" } })], "its state is down"],
    [
      "a ready worker beside its dead predecessor",
      "worker",
      [node({ Status: { State: "down" } }), node({})],
      undefined,
    ],
    ["a worker where a manager should be", "manager", [node({})], "its role is worker"],
    [
      "a manager that is not reachable",
      "manager",
      [node({ ...manager, ManagerStatus: { Reachability: "unreachable" } })],
      "as a manager it is unreachable",
    ],
    ["a reachable manager", "manager", [node({ ...manager, ManagerStatus: { Reachability: "reachable" } })], undefined],
  ];
  for (const [what, role, nodes, expected] of rows) {
    it(`of ${what}: ${expected ?? "none"}`, () => {
      expect(unreadiness(role, nodes)).to.equal(expected);
    });
  }
});

describe("updateNode", () => {
  /** A manager whose answers to writes are given; what it was sent. */
  function manager(answers: (Error | undefined)[]): { manager: DockerNode; sent: unknown[] } {
    const sent: unknown[] = [];
    const api = {
      getNode: () => ({
        inspect: () => Promise.resolve(node({ Version: { Index: 7 + sent.length } })),
        update: (body: unknown) => {
          sent.push(body);
          const answer = answers.shift();
          return answer === undefined ? Promise.resolve() : Promise.reject(answer);
        },
      }),
    };
    return { manager: { api } as unknown as DockerNode, sent };
  }
  const drain = (spec: SwarmNodeState["Spec"]): SwarmNodeState["Spec"] => ({ ...spec, Availability: "drain" });

  it("reads the node anew where another writer was first", async () => {
    const { manager: one, sent } = manager([
      new Error("(HTTP code 500) server error - rpc error: code = Unknown desc = update out of sequence"),
      undefined,
    ]);
    await updateNode(one, "n", drain);
    expect(sent).to.deep.equal([7, 8].map((version) => ({ version, Role: "worker", Availability: "drain" })));
  });

  it("leaves every other failure to whoever knows other managers, at once", async () => {
    const lost = new OperationError("one: no connection on to /run/docker.sock");
    const { manager: one, sent } = manager([lost]);
    expect(
      await updateNode(one, "n", drain).then(
        () => undefined,
        (error: unknown) => error,
      ),
    ).to.equal(lost);
    expect(sent).to.have.length(1);
  });
});

describe("ghosts", () => {
  const at = Date.parse("2026-01-01T00:00:00Z");
  const ghost = node({
    ID: "ghost",
    CreatedAt: "2026-01-01T00:00:00Z",
    Description: { Hostname: "" },
    Status: { State: "unknown" },
  });
  it("are entries without a name that are old enough to be nobody's", () => {
    expect(
      ghosts([ghost, node({ ...ghost, Description: {} }), node({ ...ghost, Status: { State: "down" } })], at + 121_000),
    ).to.have.length(3);
    expect(ghosts([ghost], at + 60_000), "just made").to.deep.equal([]);
  });

  it("are neither nodes that were there once, nor managers, nor nodes that are there", () => {
    const others = [
      node({ ...ghost, Description: { Hostname: "a" }, Status: { State: "down" } }),
      node({ ...ghost, ManagerStatus: { Reachability: "unreachable" } }),
      node({ ...ghost, Status: { State: "ready" } }),
    ];
    expect(ghosts(others, at + 1e9)).to.deep.equal([]);
  });

  for (const [what, statusCode, expected] of [
    ["goes on where another admission was first", 404, ["a", "b"]],
    ["fails where the swarm refuses", 500, ["a"]],
  ] as const) {
    it(`are removed: ${what}`, async () => {
      const removed: string[] = [];
      const api = {
        listNodes: () =>
          Promise.resolve([
            { ...ghost, ID: "a" },
            { ...ghost, ID: "b" },
          ]),
        info: () => Promise.resolve({ SystemTime: "2026-01-01T01:00:00Z" }),
        getNode: (id: string) => ({
          remove: () => {
            removed.push(id);
            return Promise.reject(Object.assign(new Error("no"), { statusCode }));
          },
        }),
      };
      const error = await forgetGhosts({ api } as unknown as DockerNode).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect([removed, error === undefined]).to.deep.equal([expected, statusCode === 404]);
    });
  }
});
