import { expect } from "chai";
import { z } from "zod";
import { desiredSwarm, type KnownNode } from "../../ops/swarm/desired-swarm";
import { withManager } from "../../ops/connection/managers";
import { unreadiness } from "../../ops/swarm/nodes";
import { claimOf, onNode } from "../../ops/connection/on-node";
import type { SshConnection } from "../../ops/connection/ssh";
import { parseState } from "../../ops/stack-state/state";
import type { ClusterOutputs } from "../../settings/outputs";
import { nameOf, secondsUntil, secondsUntilSwarm, without } from "./support/faults";
import { cloud, servers } from "./support/lab";
import { onManager } from "./support/on-manager";
import { say } from "./support/run";
import type { LabStack } from "./support/stack";

/** Seconds for a command on a node. */
const timeoutSeconds = 120;

/** Does something on any node of a cluster, by what its state knows of the node. */
async function on<T>(cluster: LabStack, name: string, action: (node: SshConnection) => Promise<T>): Promise<T> {
  const { access } = await cluster.outputs();
  const { stdout } = await cluster.pulumi("stack", "export");
  const [node] = desiredSwarm(parseState(stdout), { nodes: [name], networks: [], stacks: [] }).nodes;
  if (node === undefined) throw new Error(`${name}: not in the state`);
  return withManager(without(access, name), async (manager) =>
    onNode<T>(access, manager, node satisfies KnownNode, action),
  );
}

/** Names of a cluster's nodes of a role. */
function named({ nodes }: ClusterOutputs, role: "manager" | "worker"): string[] {
  return nodes.filter((node) => node.role === role).map(({ name }) => name);
}

/** One update, after which every node is Ready with its labels, has one entry, and nothing is left to change. */
async function mend(cluster: LabStack, what: string): Promise<string> {
  const { seconds, output } = await cluster.up();
  say(`${what}: repaired by an update of ${Math.round(seconds)} s`);
  const { nodes } = await cluster.outputs();
  const seen = await cluster.nodes();
  expect(seen.map(nameOf), "one entry each").to.have.members(nodes.map(({ name }) => name));
  for (const { name, role, labels } of nodes) {
    const entries = seen.filter((node) => nameOf(node) === name);
    expect(unreadiness(role, entries), name).to.equal(undefined);
    expect(entries[0]?.Spec.Labels, name).to.deep.equal(labels);
  }
  await cluster.pulumi("preview", "--expect-no-changes");
  return output;
}

/**
 * Nova writes a server's disk anew and keeps its id; then its Docker has another part in the swarm than before, or
 * none.
 */
async function rebuild(cluster: LabStack, name: string): Promise<void> {
  const { id } = (await servers()).find((server) => server.name === name) ?? expect.fail(`no server ${name}`);
  const before = await on(cluster, name, (node) => claimOf(node, timeoutSeconds));
  const session = await cloud();
  const { server } = await session.request(
    "compute",
    `/servers/${id}`,
    z.object({ server: z.object({ image: z.object({ id: z.string() }) }) }),
  );
  await session.act(id, { rebuild: { imageRef: server.image.id } });
  await secondsUntil(`${name} to answer from its new disk`, 15, async () =>
    on(cluster, name, (node) => claimOf(node, timeoutSeconds)).then(
      (claim) => claim.id !== before.id,
      () => false,
    ),
  );
}

/** Registers the steps that take something out of the swarm, each followed by one update. */
export function repairs(cluster: LabStack): void {
  it("repairs a worker that left and another that lost a label", async () => {
    const outputs = await cluster.outputs();
    const [gone = "", bare = ""] = named(outputs, "worker");
    await on(cluster, gone, (node) => node.run(["docker", "swarm", "leave"], { timeoutSeconds }));
    await onManager(outputs.access, `docker node update --label-rm az ${bare}`);
    await secondsUntilSwarm(
      outputs.access,
      `${gone} to be down`,
      5,
      async (manager) =>
        (
          await manager.ssh.run(["docker", "node", "inspect", "--format", "{{.Status.State}}", gone], {
            timeoutSeconds,
          })
        ).trim() === "down",
    );
    const output = await mend(cluster, "a worker that left, a label that is gone");
    expect(output)
      .to.include(`${gone}: left the swarm, but its server runs; this update repairs it.`)
      .and.include(`${bare}: label az=`);
  });

  it("repairs a removed service, and a removed network with the services that used it", async () => {
    const { access } = await cluster.outputs();
    // a network goes when its last task has
    await onManager(
      access,
      "docker service rm demo_whoami traefik_traefik; for try in $(seq 60); do docker network rm proxy && exit; sleep 2; done; exit 1",
    );
    const output = await mend(cluster, "a network and its services");
    expect(output)
      .to.include("network proxy: it was removed; this update repairs it.")
      .and.include("stack demo: demo_whoami was removed; this update repairs it.");
    expect(await onManager(access, "docker service ls --format '{{.Name}}'"))
      .to.include("demo_whoami")
      .and.include("traefik_traefik");
  });

  for (const role of ["worker", "manager"] as const) {
    it(`repairs a ${role} that Nova made anew under its id`, async () => {
      const name = named(await cluster.outputs(), role).at(-1) ?? "";
      await rebuild(cluster, name);
      expect(await mend(cluster, `${name} made anew`)).to.match(new RegExp(`${name}: .*this update repairs it\\.`));
    });
  }
}
