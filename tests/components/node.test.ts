import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { SwarmNode, type SwarmNodeArgs } from "../../components/node";
import { cloudAnswers } from "../support/cluster";
import { mockEngine, settled, valueOf } from "../support/pulumi";

/** A node whose server is as the cloud has it. */
async function nodeOf(
  had: Readonly<Record<string, unknown>>,
  changes: Partial<SwarmNodeArgs> = {},
): Promise<{ stale: boolean; zone: string }> {
  mockEngine({
    answers: {
      ...cloudAnswers(),
      "openstack:compute/instance:Instance": () => ({ metadata: { template: "t" }, ...had }),
    },
  });
  const node = new SwarmNode("node", {
    cluster: "test",
    mark: "mark",
    place: { name: "test-worker-east-0", role: "worker", zone: "az2", group: "east", ordinal: 0 },
    network: { networkId: "n", subnetId: "s" },
    securityGroupIds: [],
    flavor: "f",
    image: "i",
    template: "t",
    unmade: new Set(),
    holdsToken: false,
    userData: () => pulumi.output(""),
    ...changes,
  });
  const [stale, zone] = await Promise.all([valueOf(node.stale), valueOf(node.zone)]);
  await settled();
  return { stale, zone };
}

describe("SwarmNode", () => {
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>>, Partial<SwarmNodeArgs>, boolean])[] = [
    [
      "is as a new one would be",
      { availabilityZone: "az2", imageId: "new", schedulerHints: [{ group: "g" }] },
      { imageId: "new", serverGroupId: "g" },
      false,
    ],
    ["was made from another template", { availabilityZone: "az2", metadata: { template: "old" } }, {}, true],
    ["stands in another zone than its group", { availabilityZone: "az1" }, {}, true],
    [
      "was made from an image whose name has another id now",
      { availabilityZone: "az2", imageId: "old" },
      { imageId: "new" },
      true,
    ],
    [
      "was made from an image that the cloud has no more",
      { availabilityZone: "az2", imageId: "old" },
      { imageId: pulumi.output(undefined) },
      false,
    ],
    [
      "is in the server group of another policy",
      { availabilityZone: "az2", schedulerHints: [{ group: "soft" }] },
      { serverGroupId: "hard" },
      true,
    ],
    [
      "tells nothing of its image and its server group",
      { availabilityZone: "az2", imageId: "", schedulerHints: [] },
      { imageId: "new", serverGroupId: "g" },
      false,
    ],
  ];
  for (const [what, had, changes, stale] of rows)
    it(`is ${stale ? "" : "not "}stale where it ${what}`, async () => {
      expect((await nodeOf(had, changes)).stale).to.equal(stale);
    });

  it("tells the zone that its server is in, not the one of an edit", async () => {
    expect((await nodeOf({ availabilityZone: "az1" })).zone).to.equal("az1");
  });
});
