import { expect } from "chai";
import { rawSettings } from "../../settings/raw";

describe("rawSettings", () => {
  it("reads JSON where a value is no text, from text as from YAML, and leaves other packages out", () => {
    expect(
      rawSettings(
        {
          "swarm:managers": "3",
          "swarm:zones": `["az1"]`,
          "swarm:workerGroups": { az1: { min: 1 } },
          "swarm:demo": true,
          "swarm:clusterName": "null",
          "swarm:image": 12,
          "openstack:cloud": "x",
        },
        "swarm",
      ),
    ).to.deep.equal({
      managers: 3,
      zones: ["az1"],
      workerGroups: { az1: { min: 1 } },
      demo: true,
      clusterName: "null",
      image: "12",
    });
  });

  it("leaves out what is encrypted in a stack's file", () => {
    expect(rawSettings({ "swarm:slackWebhook": { secure: "AAAB" }, "swarm:image": "x" }, "swarm")).to.deep.equal({
      image: "x",
    });
  });

  it("leaves what is no JSON for the validation to name", () => {
    expect(rawSettings({ "swarm:managers": "three" }, "swarm")).to.deep.equal({ managers: "three" });
  });
});
