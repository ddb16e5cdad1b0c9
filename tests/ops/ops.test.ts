import { expect } from "chai";
import { messageOf, OperationError } from "../../ops/errors";
import { readAccess, readText } from "../../ops/verbs/input";
import type { DockerNode } from "../../ops/connection/docker";
import { sweepNetworks } from "../../ops/swarm/networks";
import type { PendingCreate } from "../../ops/stack-state/state";
import { forgetGhosts, ghosts, unreadiness, updateNode, type SwarmNodeState } from "../../ops/swarm/nodes";
import { quote } from "../../ops/connection/ssh";
import { Pending, waitFor } from "../../ops/wait";

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

describe("sweepNetworks", () => {
  const create = (name: string): PendingCreate => ({ type: "docker:index/network:Network", inputs: { name } });

  /** Sweeps a swarm with the networks proxy and monitoring, of which a service uses those of the given ids or names. */
  async function sweeping(
    names: readonly string[],
    pending: readonly PendingCreate[],
    used: readonly string[] = [],
  ): Promise<{ asked: unknown[]; removed: string[]; lines: string[] }> {
    const [asked, removed, lines]: [unknown[], string[], string[]] = [[], [], []];
    const api = {
      listNetworks: async (question: unknown) => {
        asked.push(question);
        return Promise.resolve([
          { Id: "n-1", Name: "proxy" },
          { Id: "n-2", Name: "monitoring" },
        ]);
      },
      listServices: async () =>
        Promise.resolve([{ Spec: { TaskTemplate: { Networks: used.map((Target) => ({ Target })) } } }]),
      getNetwork: (id: string) => ({
        remove: async () => {
          removed.push(id);
          return Promise.resolve();
        },
      }),
    };
    await sweepNetworks({ api: api as unknown as DockerNode["api"] }, names, "swarm c, owner 0a", pending, (line) =>
      lines.push(line),
    );
    return { asked, removed, lines };
  }

  it("removes networks of the given names that bear the mark and that a killed update was creating, and asks Docker for no others", async () => {
    const { asked, removed, lines } = await sweeping(["monitoring"], [create("monitoring"), create("proxy")]);
    expect(asked).to.deep.equal([{ filters: { driver: ["overlay"], label: ["swarm.mark=swarm c, owner 0a"] } }]);
    expect(removed).to.deep.equal(["n-2"]);
    expect(lines).to.deep.equal(["network monitoring (n-2) was left behind by a killed update; removing it."]);
  });

  it("leaves a network that the state forgot, e.g. in a refresh while the first manager was away", async () => {
    const { removed, lines } = await sweeping(["proxy"], []);
    expect(removed).to.deep.equal([]);
    expect(lines).to.deep.equal([
      "network proxy (n-1) stays, though the state does not know it: no killed update was creating it.",
    ]);
  });

  for (const target of ["n-1", "proxy"]) {
    it(`leaves a network that a service uses by ${target}, whatever the proof`, async () => {
      const { removed, lines } = await sweeping(["proxy"], [create("proxy")], [target]);
      expect(removed).to.deep.equal([]);
      expect(lines).to.deep.equal(["network proxy (n-1) stays, though the state does not know it: services use it."]);
    });
  }
});

describe("waitFor", () => {
  it("probes until the condition holds, and takes an error for not yet", async () => {
    let probes = 0;
    const result = await waitFor({ what: "x", deadlineSeconds: 5, intervalSeconds: 0 }, async () => {
      probes += 1;
      if (probes === 1) throw new Error("boots");
      return Promise.resolve(probes === 2 ? new Pending("soon") : "done");
    });
    expect([result, probes]).to.deep.equal(["done", 3]);
  });

  it("probes the less often the longer it takes, where it may be late by a share of that", async () => {
    const begun = Date.now();
    let probes = 0;
    await waitFor({ what: "x", deadlineSeconds: 60, intervalSeconds: 0.01, slack: 1 }, async () => {
      probes += 1;
      return Promise.resolve(Date.now() - begun < 500 ? new Pending("soon") : true);
    });
    // 10 ms, and then twice as late each time: some seven until 500 ms; at even pauses they would be 50
    expect(probes).to.be.at.most(12);
  });

  it("throws on what no further probe mends", async () => {
    const lost = new Error("no connection on to /run/docker.sock");
    const error = await waitFor({ what: "x", deadlineSeconds: 5, isFinal: (thrown) => thrown === lost }, () =>
      Promise.reject(lost),
    ).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.equal(lost);
  });

  it("says after the deadline what it waited for and what it saw last", async () => {
    const error = await waitFor({ what: "the moon", deadlineSeconds: 0, intervalSeconds: 0 }, () =>
      Promise.resolve(new Pending("it is day")),
    ).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(OperationError);
    expect(messageOf(error)).to.equal("the moon: not within 0 seconds; last seen: it is day.");
  });
});

describe("messageOf", () => {
  it("says in the first line why, before what else there is to tell", () => {
    const late = new OperationError("stack x to run: not within 5 seconds.", { cause: new Error("timed out") });
    expect(
      messageOf(new OperationError("stack x: it does not run.\n  a: pending\n  b: failed", { cause: late })),
    ).to.equal(
      "stack x: it does not run. (stack x to run: not within 5 seconds. (timed out))\n  a: pending\n  b: failed",
    );
  });
});

describe("quote", () => {
  it("leaves plain words and wraps the rest for a POSIX shell", () => {
    expect(["a-b/c.1", "a b", "it's", "$(x)", ""].map(quote)).to.deep.equal([
      "a-b/c.1",
      "'a b'",
      `'it'\\''s'`,
      "'$(x)'",
      "''",
    ]);
  });
});

describe("the verbs' input", () => {
  it("is named when it is missing", () => {
    expect(() => readText({}, "SWARM_SPEC")).to.throw("SWARM_SPEC: not in the environment; the program sets it.");
  });

  it("is checked", () => {
    expect(() => readAccess({ SWARM_ACCESS: `{"user":"x"}` })).to.throw(/^SWARM_ACCESS: .*privateKey/s);
  });
});
