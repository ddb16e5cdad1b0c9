import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { membership } from "../../components/membership";
import { SwarmNode } from "../../components/node";
import { placeWorker } from "../../settings/names";
import { noRepairs } from "../../settings/specs";
import { cloudAnswers } from "../support/cluster";
import { mockEngine, settled } from "../support/pulumi";

describe("a membership", () => {
  it("goes and comes with its server, and alone when the whole cluster does", async () => {
    const recorder = mockEngine({ answers: cloudAnswers() });
    const node = new SwarmNode("node", {
      cluster: "test",
      mark: "test",
      place: placeWorker("test", "az1", "az1", 0),
      network: { networkId: "network", subnetId: "subnet" },
      securityGroupIds: [],
      flavor: "small",
      image: "image",
      template: "template",
      unmade: new Set(),
      holdsToken: false,
      userData: () => pulumi.output("#cloud-config\n"),
    });
    let options: pulumi.ResourceOptions = {};
    membership(
      "membership",
      {
        node,
        hostKey: "key",
        labels: { az: "az1" },
        deadlines: { nodeReadyMinutes: 1, drainMinutes: 2, stackReadyMinutes: 3 },
        repairs: noRepairs,
        access: "{}",
        cluster: node.port,
      },
      {
        transformations: [
          ({ opts }) => {
            options = opts;
            return undefined;
          },
        ],
      },
    );
    await settled();
    expect(options.replaceWith).to.deep.equal([node.server]);
    expect(options.deletedWith).to.equal(node.port);
    // a secret, wrapped
    const { environment } = recorder.named("membership").inputs as { environment: { value: Record<string, string> } };
    expect(Object.keys(environment.value).sort(), "no token among them").to.deep.equal(["SWARM_ACCESS", "SWARM_SPEC"]);
  });
});
