import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { Overlay } from "../../components/overlay";
import { noRepairs } from "../../settings/specs";
import { mockEngine, settled } from "../support/pulumi";
import { outputsOf } from "../support/swarm";

describe("Overlay", () => {
  for (const preview of [true, false]) {
    it(`writes ${preview ? "no login key in a preview" : "the login key in an update, for its owner alone"}`, async () => {
      const recorder = mockEngine({ preview });
      const clusterName = preview ? "previewed" : "updated";
      const access = pulumi.secret(JSON.stringify(outputsOf(clusterName, {}).access));
      new Overlay("overlay", {
        clusterName,
        networks: ["proxy"],
        subnets: {},
        repairs: noRepairs,
        access,
        mark: "mark",
        options: pulumi.output<Record<string, string>>({}),
        cluster: new pulumi.ComponentResource("test:test:Anchor", "anchor"),
      });
      await settled();
      const key = join(homedir(), ".ssh", "swarm", clusterName);
      expect(existsSync(key)).to.equal(!preview);
      if (!preview) expect(statSync(key).mode & 0o777).to.equal(0o600);
      expect(
        JSON.stringify(recorder.named("overlay-docker").inputs["sshOpts"]),
        "the same words in both, or a preview would show a change",
      ).to.include(`IdentityFile=\${HOME}/.ssh/swarm/${clusterName}`);
    });
  }
});
