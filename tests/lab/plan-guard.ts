import { expect } from "chai";
import { servers } from "./support/lab";
import { refusal } from "./support/run";
import type { LabStack } from "./support/stack";

/** Ids of all servers, by name. */
async function ids(): Promise<Record<string, string>> {
  return Object.fromEntries((await servers()).map(({ name, id }) => [name, id]));
}

/** Registers the steps that prove that no edit and no option takes away what a cluster needs. */
export function planGuard(cluster: LabStack): void {
  it("keeps the workers of a group whose zone is edited, and counts them as stale", async () => {
    const [before, outputs] = [await ids(), await cluster.outputs()];
    const undo = cluster.editConfig((config) => {
      const groups = config["swarm:workerGroups"] as Record<string, Record<string, unknown>>;
      config["swarm:workerGroups"] = { ...groups, az1: { ...groups["az1"], zone: "az2" } };
    });
    const { stdout } = await cluster.pulumi("preview", "--json", "--show-sames");
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    expect(
      steps.filter(({ op, urn }) => urn.includes("compute/instance:Instance") && op !== "same"),
      "servers that change",
    ).to.deep.equal([]);
    await cluster.up();
    expect(await ids()).to.deep.equal(before);
    const moved = (await cluster.outputs()).nodes.filter(({ group }) => group === "az1");
    expect(moved.map(({ zone, stale }) => [zone, stale])).to.deep.equal(moved.map(() => ["az1", true]));
    undo();
    await cluster.up();
    expect((await cluster.outputs()).staleNodes).to.equal(outputs.staleNodes);
  });

  it("refuses an update that takes two thirds of the workers, with the table and the line that allows it; nothing is touched", async () => {
    const before = await ids();
    const undo = cluster.editConfig((config) => {
      config["swarm:workerGroups"] = { az1: { min: 1, max: 1 }, az2: { min: 0, max: 0 }, az3: { min: 0, max: 0 } };
    });
    const output = await refusal(cluster.up());
    expect(output)
      .to.match(/lose-workers +cluster +\d of \d workers .*REFUSED/)
      .and.to.match(/swarm:allow: \[ \{ what: lose-workers, until: \d{4}-\d\d-\d\d, why: … \} \]/);
    undo();
    expect(await ids()).to.deep.equal(before);
  });

  it("refuses to replace managers that the quorum needs, whoever asks", async () => {
    const before = await ids();
    const managers = (await cluster.outputs()).nodes
      .filter(({ role }) => role === "manager")
      .slice(0, 2)
      .flatMap(({ serverUrn }) => (serverUrn === undefined ? [] : ["--replace", serverUrn]));
    const output = await refusal(cluster.pulumi("up", "--yes", "--skip-preview", ...managers));
    expect(output).to.match(/lose-quorum +cluster +margin -1: 1 of 3 managers stay .*REFUSED/);
    expect(await ids()).to.deep.equal(before);
    await cluster.pulumi("preview", "--expect-no-changes");
  });
}
