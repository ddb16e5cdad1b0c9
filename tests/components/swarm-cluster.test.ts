import { tmpdir } from "node:os";
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { SwarmCluster } from "../../components/swarm-cluster";
import { cloudAnswers, cloudCalls, tokens } from "../support/cluster";
import { mockEngine, settled, valueOf, type Recorder } from "../support/pulumi";
import { goodSettings } from "../support/settings";

/** A program of somebody else's: one provider, and a cluster with all defaults. */
async function ownProgram(
  changes: Record<string, unknown> = {},
): Promise<{ recorder: Recorder; cluster: SwarmCluster }> {
  const recorder = mockEngine({ answers: cloudAnswers(), calls: cloudCalls });
  const provider = new openstack.Provider("mine", { cloud: "mine" });
  const cluster = new SwarmCluster("edge", { settings: goodSettings(changes) }, { providers: { openstack: provider } });
  await settled();
  return { recorder, cluster };
}

describe("SwarmCluster in another program", () => {
  it("makes a whole cluster of the settings alone, named after it", async () => {
    const { recorder, cluster } = await ownProgram();
    expect(recorder.ofType("openstack:compute/instance:Instance").map(({ name }) => name)).to.have.members([
      ...["az1", "az2", "az3"].map((zone) => `test-managers-${zone}-0-server`),
      ...["az1", "az2", "az3"].map((zone) => `test-workers-${zone}-0-server`),
    ]);
    expect(recorder.named("edge").type).to.equal("swarm:platform:SwarmCluster");
    expect(await valueOf(cluster.clusterId)).to.equal("cluster-id");
    expect(await valueOf(cluster.staleNodes)).to.equal(0);
    const facts = await valueOf(cluster.facts);
    expect(facts.workerSets).to.deep.equal({ az1: [0], az2: [0], az3: [0] });
    expect(facts.ingressAddress).to.equal(cluster.ingressAddress && (await valueOf(cluster.ingressAddress)));
    expect(facts.joinTokens).to.deep.equal({ manager: tokens.managerToken, worker: tokens.workerToken });
    expect(await pulumi.isSecret(cluster.facts), "facts").to.equal(true);
  });

  it("uses the given OpenStack provider for every resource of the cloud", async () => {
    const { recorder } = await ownProgram();
    const ofCloud = recorder.registrations.filter(({ type }) => type.startsWith("openstack:"));
    expect(new Set(ofCloud.map(({ provider }) => provider.split("::").at(-2)))).to.deep.equal(new Set(["mine"]));
  });

  it("has no ingress address and no URL where the settings ask for none", async () => {
    const { cluster } = await ownProgram({ ingressMode: "none", demo: true });
    expect(cluster.ingressAddress).to.equal(undefined);
    expect(cluster.demoUrl).to.equal(undefined);
  });

  it("runs its commands in this checkout, wherever the program runs", async () => {
    const before = process.cwd();
    const elsewhere = await (async () => {
      process.chdir(tmpdir());
      try {
        return await ownProgram();
      } finally {
        process.chdir(before);
      }
    })();
    const dirOf = ({ recorder }: { recorder: Recorder }): unknown => recorder.named("test-managers-init").inputs["dir"];
    expect(dirOf(elsewhere)).to.match(/^\.\.\//);
    expect(dirOf(await ownProgram()), "in the checkout").to.equal(undefined);
  });

  it("refuses the autoscaler's service without a tag of its image", () => {
    mockEngine({ answers: cloudAnswers(), calls: cloudCalls });
    const settings = { ...goodSettings(), autoscalerService: { backendUrl: "s3://states", image: "swarm/autoscaler" } };
    expect(() => new SwarmCluster("edge", { settings })).to.throw(
      "autoscalerImageTag: missing, and settings.autoscalerService needs it",
    );
  });
});
