import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { deliveryScript } from "../../../ops/verbs/bring-back";
import type { SwarmNodeState } from "../../../ops/swarm/nodes";
import type { NodeSpec } from "../../../settings/specs";
import { swarmNode } from "../../support/swarm";
import { first, second, specOf, useVerbs, type VerbResult } from "../../support/verbs";

/** Runs the script on a node of which systemd and Docker say so much; the token that is there afterwards. */
function deliver(unit: "active" | "activating", swarm: string, before?: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "swarm-test-token-"));
  try {
    const file = join(folder, "etc", "join-token");
    writeFileSync(
      join(folder, "systemctl"),
      `#!/bin/sh\n[ "$*" = "is-active -q swarm-join.service" ] && [ ${unit} = active ]\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(folder, "docker"), `#!/bin/sh\n${swarm}\n`, { mode: 0o755 });
    if (before !== undefined) {
      mkdirSync(dirname(file));
      writeFileSync(file, before, { mode: 0o600 });
    }
    // a pipe, as sshd has it; what Node hands over is a socket, which cannot be opened as /dev/stdin
    execFileSync("sh", ["-c", `cat | { ${deliveryScript(file)}; }`], {
      input: "SWMTKN-1-now",
      env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    });
    if (!existsSync(file)) return undefined;
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    return readFileSync(file, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the delivery of a token", () => {
  it("gives it to a node that has not joined, in place of an older one", () => {
    expect(deliver("activating", "echo inactive")).to.equal("SWMTKN-1-now");
    expect(deliver("activating", "echo pending", "SWMTKN-1-before")).to.equal("SWMTKN-1-now");
  });

  it("gives it also where Docker does not answer", () => {
    expect(deliver("activating", "exit 1")).to.equal("SWMTKN-1-now");
  });

  it("leaves none on a node that joined a moment ago, whose unit has taken its own away and is about to end", () => {
    expect(deliver("activating", "echo active")).to.equal(undefined);
  });

  it("leaves none on a node that has joined, not even one that an earlier delivery left", () => {
    expect(deliver("active", "echo active")).to.equal(undefined);
    expect(deliver("active", "echo active", "SWMTKN-1-before")).to.equal(undefined);
  });
});

describe("a repair by admit-node", function () {
  this.timeout(180_000);
  const { fake, run, changes, hasGivenToken } = useVerbs();
  const worker = "test-worker-az1-0";
  const dead = (name: string, ID: string): SwarmNodeState => swarmNode(name, { ID, Status: { State: "down" } });
  const labelled = (role: string, Labels: object = { az: "az1" }): string =>
    JSON.stringify({ Role: role, Availability: "active", Labels });
  const instead = (name: string, ...entries: readonly SwarmNodeState[]): SwarmNodeState[] => [
    ...fake.nodes.filter(({ ID }) => ID !== `id-${name}`),
    ...entries,
  ];

  /** Repairs a node whose own Docker says this; once it is given its token it joins, or before. */
  async function repair(
    name: string,
    says: string,
    entries: readonly SwarmNodeState[],
    changes: Partial<NodeSpec> = {},
  ): Promise<VerbResult> {
    fake.nodes = instead(name, ...entries);
    fake.commandOutput = (command) => (command.startsWith("docker info") ? says : "");
    const joins = setInterval(() => {
      if (!hasGivenToken()) return;
      clearInterval(joins);
      fake.nodes = [...fake.nodes, swarmNode(name, { ID: "new" })];
      fake.commandOutput = () => "active new\n";
    }, 50);
    try {
      return await run(
        "admit-node",
        { ...specOf(name), ...changes },
        { before: `{"labels":["az"]}`, repair: "why when" },
      );
    } finally {
      clearInterval(joins);
      fake.commandOutput = () => "";
    }
  }

  it("gives a worker that left its token at once, though it booted with one, and forgets its earlier entry", async () => {
    const { code, stdout } = await repair(worker, "inactive \n", [dead(worker, "old")], { holdsToken: true });
    expect([code, stdout]).to.deep.equal([0, `{"labels":["az"],"repair":"why when"}\n`]);
    const [forgotten, given, ...rest] = changes().filter((change) => !change.startsWith("command: docker info"));
    expect(forgotten).to.equal("DELETE /nodes/old ");
    expect(given).to.match(
      /systemctl stop swarm-join.*docker swarm leave --force.*systemctl start --no-block swarm-join.* <SWMTKN-1-now-worker>/,
    );
    expect(rest).to.deep.equal([`POST /nodes/new/update ${labelled("worker")}`]);
  });

  it("takes a manager's earlier vote away before it joins again", async () => {
    const { code } = await repair(second, "inactive \n", [dead(second, "old")]);
    expect(code).to.equal(0);
    const order = ["POST /nodes/old/update", "DELETE /nodes/old", "command: sudo sh", `POST /nodes/new/update`].map(
      (start) => changes().findIndex((change) => change.startsWith(start)),
    );
    expect(order, changes().join("\n"))
      .to.deep.equal([...order].sort((a, b) => a - b))
      .and.to.not.include(-1);
  });

  it("refuses to take a vote away that the quorum needs", async () => {
    const lost = swarmNode(first, { Status: { State: "down" }, ManagerStatus: { Reachability: "unreachable" } });
    fake.nodes = instead(
      first,
      lost,
      swarmNode("test-manager-az4-0", {
        ID: "four",
        Status: { State: "down" },
        ManagerStatus: { Reachability: "unreachable" },
      }),
    );
    const { code, stderr } = await repair(second, "inactive \n", [dead(second, "old")]);
    expect(code).to.equal(1);
    expect(stderr).to.include(
      `${second}: its entry old has to leave the swarm, but the quorum needs it: 1 of the 3 other managers are reachable and 2 are needed`,
    );
    expect(changes().filter((change) => !change.startsWith("command: docker info"))).to.deep.equal([]);
  });

  it("restores what a rebuilt node lacks, and forgets the entry of before", async () => {
    expect(
      (await repair(worker, "active new\n", [dead(worker, "old"), swarmNode(worker, { ID: "new" })])).code,
    ).to.equal(0);
    expect(changes().filter((change) => !change.startsWith("command: docker info"))).to.deep.equal([
      "DELETE /nodes/old ",
      `POST /nodes/new/update ${labelled("worker")}`,
    ]);
  });

  it("gives a manager that a program began to remove its role, its address and its tasks back", async () => {
    const Labels = { own: "kept", "swarm.drained-by": "remove-node 2026-01-01T00:00:00.000Z" };
    const drained = {
      ...swarmNode(second, { ManagerStatus: { Reachability: "reachable" } }),
      Spec: { Role: "worker", Availability: "drain", Labels },
    } as const;
    expect((await repair(second, `active id-${second}\n`, [drained])).code).to.equal(0);
    const [role, address, ...rest] = changes().filter((change) => !change.startsWith("command: docker info"));
    expect(role).to.equal(
      `POST /nodes/id-${second}/update ${JSON.stringify({ Role: "manager", Availability: "drain", Labels: { ...Labels, "swarm.drained-by": "remove-node TIME" } })}`,
    );
    expect(address).to.match(/^command: sudo sh -c .*systemctl start keepalived/);
    expect(rest).to.deep.equal([`POST /nodes/id-${second}/update ${labelled("manager", { own: "kept", az: "az1" })}`]);
  });

  it("takes a repair that was told of before for none", async () => {
    fake.commandOutput = (command) => (command.startsWith("docker info") ? `active id-${worker}\n` : "");
    const { code, stdout } = await run(
      "admit-node",
      { ...specOf(worker), holdsToken: true },
      { before: `{"labels":["az"],"repair":"why when"}`, repair: "why when" },
    );
    fake.commandOutput = () => "";
    expect([code, stdout]).to.deep.equal([0, `{"labels":["az"],"repair":"why when"}\n`]);
    expect(
      fake.changes.filter((change) => change.startsWith("command: docker info")),
      "asked once, whose its entry is",
    ).to.have.length(1);
  });
});
