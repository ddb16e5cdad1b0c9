import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { Overlay } from "../../components/overlay";
import { Stack } from "../../components/stack";
import { noRepairs, type Repairs } from "../../settings/specs";
import { cloudAnswers } from "../support/cluster";
import { mockEngine, settled, type Registration } from "../support/pulumi";

interface Seen {
  readonly registration: Registration;
  readonly options: pulumi.CustomResourceOptions;
}

/** A network and a stack, with what the engine is told of them. */
async function register(repairs: Repairs): Promise<Record<"network" | "stack", Seen>> {
  const recorder = mockEngine({ answers: cloudAnswers() });
  const options: Record<string, pulumi.CustomResourceOptions> = {};
  const transformations: pulumi.ResourceTransformation[] = [
    ({ name, opts }) => {
      options[name] = opts;
      return undefined;
    },
  ];
  const cluster = new Stack("anchor", {
    stack: "x",
    compose: "",
    readyMinutes: 1,
    access: "{}",
    cluster: undefined as never,
    repairs: noRepairs,
  });
  const access = pulumi.output(JSON.stringify({ user: "swarm", privateKey: "key", managers: [] }));
  new Overlay(
    "o",
    {
      clusterName: "test",
      networks: ["proxy"],
      subnets: {},
      access,
      mark: "m",
      options: pulumi.output<Record<string, string>>({ mtu: "1450" }),
      cluster,
      repairs,
    },
    { transformations },
  );
  new Stack(
    "s",
    { stack: "demo", compose: "services: {}", readyMinutes: 1, access: "{}", cluster, repairs },
    { transformations },
  );
  await settled();
  const seen = (name: string): Seen => ({ registration: recorder.named(name), options: options[name] ?? {} });
  return { network: seen("o-proxy"), stack: seen("s-deploy") };
}

const environment = ({ registration }: Seen): Record<string, string> =>
  (registration.inputs["environment"] as { value: Record<string, string> }).value;

describe("a part of the swarm that needs no repair", () => {
  it("has the inputs that it always had; what an earlier repair left is ignored", async () => {
    const { network, stack } = await register(noRepairs);
    expect(network.registration.inputs["labels"]).to.deep.equal([{ label: "swarm.mark", value: "m" }]);
    expect(network.options.ignoreChanges).to.deep.equal(["options", "labels", "ipamConfigs"]);
    expect(Object.keys(environment(stack)).sort()).to.deep.equal(["SWARM_ACCESS", "SWARM_SPEC"]);
    expect(stack.options.ignoreChanges).to.deep.equal(["environment.SWARM_REPAIR"]);
  });
});

describe("a part of the swarm that is repaired", () => {
  it("is another than before: a stack is deployed again, a network made again", async () => {
    const why = "network-missing 2026-01-01T00:00:00.000Z";
    const { network, stack } = await register({
      ...noRepairs,
      networks: new Map([["proxy", why]]),
      stacks: new Map([["demo", why]]),
    });
    expect(network.registration.inputs["labels"]).to.deep.equal([
      { label: "swarm.mark", value: "m" },
      { label: "swarm.repair", value: why },
    ]);
    expect(network.options.ignoreChanges).to.equal(undefined);
    expect(network.options.deleteBeforeReplace).to.equal(true);
    expect(environment(stack)["SWARM_REPAIR"]).to.equal(why);
    expect(stack.options.ignoreChanges ?? []).to.deep.equal([]);
  });
});
