import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { prepareUpdate } from "../../../ops/update/prepare";
import type { PendingCreate, StateResource } from "../../../ops/stack-state/state";
import { ownerMark } from "../../../settings/names";
import { reportVariable } from "../../../settings/report";
import { FakeCloud } from "../../support/fake-cloud";
import { manager, preview, swarm, type ShownStep } from "../../support/plan";

const mark = ownerMark("c", "0a1b2c");
const state: readonly StateResource[] = [
  {
    urn: "urn:pulumi:prod::swarm::swarm:platform:Identity$command:local:Command::c-identity-owner",
    type: "command:local:Command",
    outputs: { stdout: "0a1b2c" },
  },
  {
    urn: "urn:pulumi:prod::swarm::openstack:compute/instance:Instance::c-manager-az1-0-server",
    type: "openstack:compute/instance:Instance",
    id: "s-known",
  },
];
const creating: PendingCreate = { type: "openstack:networking/port:Port", inputs: { name: "c-worker-az1-1" } };
const kept = [swarm, manager("same", "az1")];
const replaced = [swarm, manager("replace", "az1")];

describe("prepareUpdate", () => {
  let cloud: FakeCloud;
  before(() =>
    pulumi.runtime.setMocks(
      {
        newResource: () => {
          throw new Error("no resource is made here");
        },
        call: () => {
          throw new Error("nothing is called here");
        },
      },
      "swarm",
      "prod",
      false,
    ),
  );
  afterEach(() => {
    cloud.close();
  });

  /**
   * Prepares an update with a Pulumi whose preview ends only after the cloud was asked, on a cloud with a port that the
   * state does not know.
   */
  async function prepare(
    steps: readonly ShownStep[],
    pending: readonly PendingCreate[],
  ): Promise<{ serial?: number; error?: string; early: boolean; report: unknown }> {
    const folder = mkdtempSync(join(tmpdir(), "swarm-test-prepare-"));
    const at = (name: string): string => join(folder, name);
    writeFileSync(at("preview.json"), JSON.stringify(preview(steps)));
    writeFileSync(
      at("pulumi"),
      `#!/bin/sh\ncd ${folder}\nleft=50\nuntil [ -e asked ]; do left=$((left - 1)); [ $left != 0 ] || { echo "nobody asks the cloud" >&2; exit 1; }; sleep 0.1; done\ncat preview.json\ntouch judged\n`,
      { mode: 0o755 },
    );
    let early = false;
    cloud = new FakeCloud({ ports: [{ id: "p-lost", name: "c-worker-az1-1", description: mark }] }, (method) => {
      writeFileSync(at("asked"), "");
      if (method !== "GET" && !existsSync(at("judged"))) early = true;
    });
    const environment = {
      ...process.env,
      ...(await cloud.start()),
      PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}`,
      [reportVariable]: at("report.json"),
    };
    const result = await prepareUpdate({
      cluster: "c",
      state,
      pending,
      serial: 12,
      kept: { nodes: [], networks: [], stacks: [] },
      environment,
    }).then(
      ({ serial }) => ({ serial }),
      (error: unknown) => ({ error: (error as Error).message }),
    );
    return {
      ...result,
      early,
      report: existsSync(at("report.json")) ? JSON.parse(readFileSync(at("report.json"), "utf8")) : undefined,
    };
  }

  it("looks for leftovers while the plan is judged, and removes them after the verdict", async () => {
    expect(await prepare(kept, [creating])).to.deep.equal({ serial: 13, early: false, report: undefined });
    expect(cloud.requests).to.deep.equal(["DELETE /network/v2.0/ports/p-lost"]);
  });

  it("removes nothing where the plan is refused, and reports that", async () => {
    const { error, report } = await prepare(replaced, [creating]);
    expect(error)
      .to.match(/^Plan: the update goes beyond the limits of swarm:planGuard; nothing was touched\.\n/)
      .and.not.include("Leftovers");
    expect(report).to.deep.equal({ kind: "plan-refused", words: error });
    expect(cloud.requests).to.deep.equal([]);
  });

  it("removes nothing where the cloud has what is no proven leftover, whatever the plan", async () => {
    const { error, report } = await prepare(kept, []);
    expect(error)
      .to.match(/^Leftovers: the cloud has 1 of the cluster's resources that the state does not know/)
      .and.not.include("Plan:");
    expect(report).to.equal(undefined);
    expect(cloud.requests).to.deep.equal([]);
  });

  it("tells both where both refuse", async () => {
    const { error, report } = await prepare(replaced, []);
    expect(error).to.match(/^Plan: the update goes beyond [^]*\nLeftovers: the cloud has 1 of /);
    expect(report).to.deep.equal({ kind: "plan-refused", words: error });
    expect(cloud.requests).to.deep.equal([]);
  });
});
