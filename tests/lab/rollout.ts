import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { unreadiness } from "../../ops/swarm/nodes";
import { nameOf } from "./support/faults";
import { servers } from "./support/lab";
import { root, run, say } from "./support/run";
import type { LabStack } from "./support/stack";
import { underTraffic } from "./support/traffic";

const words = ["node", "swarmctl/swarmctl.cjs", "cluster", "rollout", "--stack=lab"] as const;

/** Starts a rollout and asks it to end as soon as it says something; what is in flight is noted. */
async function interrupt(cluster: LabStack, sign: RegExp): Promise<void> {
  const [program, ...rest] = words;
  const child = spawn(program, rest, {
    cwd: root,
    env: { ...process.env, ...cluster.environment },
    stdio: ["ignore", "inherit", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (data: Buffer) => {
    const before = sign.test(output);
    output += data.toString();
    if (!before && sign.test(output)) child.kill("SIGTERM");
  });
  const [code] = (await once(child, "close")) as [number | null];
  expect(output, "what it said").to.match(sign).and.to.include("swarmctl cluster rollout lab --stack=lab");
  expect(code, "its exit code").to.equal(1);
}

/** Registers the steps that prove a rollout of every node; the workers have other ordinals after it. */
export function rollout(cluster: LabStack): void {
  it("rolls every stale node by one command, and goes on where it was interrupted: one swarm, every server another", async () => {
    const before = await cluster.outputs();
    const old = new Map((await servers()).map(({ name, id }) => [name, id]));
    cluster.editConfig((config) => {
      config["swarm:insecureRegistries"] = ["unused.example:5000"];
    });
    await cluster.up();
    expect((await cluster.outputs()).staleNodes).to.equal(before.nodes.length);
    expect(
      (await run([...words, "--dry-run"], { deadlineMinutes: 5, environment: cluster.environment })).stdout
        .trim()
        .split("\n"),
    ).to.have.length(1 + before.nodes.length);

    const tally = await underTraffic(before.demoUrl ?? "", "a rollout of every node", async () => {
      await interrupt(cluster, /step 2 of \d[^]*compute:Instance lab-\S+ creating/);
      const { seconds } = await run([...words, "--json"], { deadlineMinutes: 180, environment: cluster.environment });
      say(`the rest of the rollout: ${Math.round(seconds)} s`);
    });
    expect(tally.longestGap, "seconds without an answer").to.be.below(60);

    const after = await cluster.outputs();
    expect({ staleNodes: after.staleNodes, clusterId: after.clusterId }).to.deep.equal({
      staleNodes: 0,
      clusterId: before.clusterId,
    });
    const managers = (all: typeof after): string[] =>
      all.access.managers.map(({ name, host, hostKey }) => `${name} ${host} ${hostKey}`);
    expect(managers(after), "managers, their addresses and host keys").to.deep.equal(managers(before));
    const now = await servers();
    expect(now.map(({ name }) => name)).to.have.members(after.nodes.map(({ name }) => name));
    for (const { name, id } of now) expect(id, name).not.to.equal(old.get(name));
    const states = await cluster.nodes();
    expect(states.map(nameOf)).to.have.members(after.nodes.map(({ name }) => name));
    for (const { name, role } of after.nodes)
      expect(
        unreadiness(
          role,
          states.filter((node) => nameOf(node) === name),
        ),
        name,
      ).to.equal(undefined);
    await cluster.pulumi("preview", "--expect-no-changes");
  });
}
