import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { bootCluster, waitUntilActive } from "../../../bench/bound/boot";
import { startMockCloud, type MockCloud } from "../../../bench/mock/cloud";
import { labSettings } from "../../../bench/settings";
import { planCluster } from "../../../components/plan";
import { OpenStack } from "../../../ops/openstack/client";
import { removeAll } from "../../../ops/openstack/sweep";
import { ownerMark } from "../../../settings/names";

describe("bootCluster", () => {
  let mock: MockCloud;
  after(async () => {
    await mock.close();
  });

  it("makes what the program makes, and a sweep finds all of it", async () => {
    const settings = labSettings({ clusterName: "bound" });
    mock = await startMockCloud({
      externalNetwork: settings.externalNetwork,
      flavors: [settings.managerFlavor],
      image: settings.image,
    });
    const file = join(mkdtempSync(join(tmpdir(), "mock-cloud-")), "clouds.yaml");
    writeFileSync(file, mock.cloudsYaml);
    const cloud = await OpenStack.open({ OS_CLOUD: "mock", OS_CLIENT_CONFIG_FILE: file });

    const owner = "0a1b2c3d4e5f";
    const cluster = await bootCluster(cloud, {
      settings,
      plan: planCluster(settings, {}),
      seed: "5e".repeat(32),
      owner,
    });
    await waitUntilActive(cloud, cluster);
    expect(cluster.mtu).to.equal(1450);
    expect(cluster.access.managers.map(({ name }) => name)).to.deep.equal([
      "bound-manager-az1-0",
      "bound-manager-az2-0",
      "bound-manager-az3-0",
    ]);
    expect(new Set(cluster.access.managers.map(({ host }) => host)).size).to.equal(3);
    expect(
      [...cluster.managers, ...cluster.workers].map(({ place, address, labels }) => [
        place.name,
        address,
        labels["az"],
      ]),
    ).to.deep.equal([
      ["bound-manager-az1-0", "10.20.0.10", "az1"],
      ["bound-manager-az2-0", "10.20.0.11", "az2"],
      ["bound-manager-az3-0", "10.20.0.12", "az3"],
      ["bound-worker-az1-0", cluster.workers[0]?.address, "az1"],
      ["bound-worker-az2-0", cluster.workers[1]?.address, "az2"],
      ["bound-worker-az3-0", cluster.workers[2]?.address, "az3"],
    ]);

    const swept = await removeAll(cloud, { cluster: "bound", owner, mark: ownerMark("bound", owner), ids: new Set() });
    const kinds = swept.reduce<Record<string, number>>(
      (counts, { kind }) => ({ ...counts, [kind]: (counts[kind] ?? 0) + 1 }),
      {},
    );
    expect(kinds).to.deep.equal({
      server: 6,
      "floating IP": 4,
      "router interface": 1,
      port: 7,
      router: 1,
      subnet: 1,
      network: 1,
      "security group": 3,
      "server group": 1,
    });
    const left = await cloud.list("network", "/v2.0/ports", "ports", z.unknown());
    expect(left).to.deep.equal([]);
    expect(mock.unanswered).to.deep.equal([]);
  });
});
