import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { bootCluster } from "../../../bench/bound/boot";
import { startMockCloud, type MockCloud } from "../../../bench/mock/cloud";
import { BareWorkers, bareName } from "../../../bench/scale/bare";
import { placesOf, scaleChanges, standing, withMore } from "../../../bench/scale/plan";
import { labSettings } from "../../../bench/settings";
import { planCluster } from "../../../components/plan";
import { OpenStack } from "../../../ops/openstack/client";

const settings = labSettings(scaleChanges);
/** Of a router's own port no name is told. */
const port = z.object({
  name: z.string().default(""),
  network_id: z.string().default(""),
  security_groups: z.array(z.string()),
  device_id: z.string(),
});

describe("BareWorkers", () => {
  let mock: MockCloud;
  after(async () => {
    await mock.close();
  });

  it("are made where a cluster's workers are, and nothing of them stays", async () => {
    mock = await startMockCloud({
      externalNetwork: settings.externalNetwork,
      flavors: [settings.workerFlavor],
      image: settings.image,
    });
    const file = join(mkdtempSync(join(tmpdir(), "mock-cloud-")), "clouds.yaml");
    writeFileSync(file, mock.cloudsYaml);
    const environment = { OS_CLOUD: "mock", OS_CLIENT_CONFIG_FILE: file };
    const cloud = await OpenStack.open(environment);
    await bootCluster(cloud, {
      settings,
      plan: planCluster(settings, {}),
      seed: "5e".repeat(32),
      owner: "0a1b2c3d4e5f",
    });
    const ports = async (): Promise<z.output<typeof port>[]> =>
      (await cloud.list("network", "/v2.0/ports", "ports", port)).filter(({ name }) => name !== "");
    const before = await ports();
    const [like] = before.filter(({ name }) => name === "lab-worker-az1-0");

    const workers = await BareWorkers.beside(environment, settings, { joinTokens: { manager: "m", worker: "w" } });
    await workers.boot(await workers.open(), placesOf(bareName, settings, withMore(standing, 3, 1), standing));
    const added = (await ports()).filter(({ name }) => name.startsWith(`${bareName}-`));
    expect(added.map(({ name }) => name).sort()).to.deep.equal([
      "bare-worker-az1-1",
      "bare-worker-az2-1",
      "bare-worker-az3-1",
    ]);
    for (const { network_id, security_groups, device_id } of added) {
      expect({ network_id, security_groups }).to.deep.equal({
        network_id: like?.network_id,
        security_groups: like?.security_groups,
      });
      expect(device_id).to.not.equal("");
    }

    await workers.sweep();
    expect((await ports()).map(({ name }) => name)).to.deep.equal(before.map(({ name }) => name));
    expect(
      (await cloud.list("compute", "/servers/detail", "servers", z.object({ name: z.string() })))
        .map(({ name }) => name)
        .filter((name) => name.startsWith(bareName)),
    ).to.deep.equal([]);
    expect(mock.unanswered).to.deep.equal([]);
  });

  it("say which thing of the cluster is not there", async () => {
    const other = { ...settings, clusterName: "other" };
    const file = join(mkdtempSync(join(tmpdir(), "mock-cloud-")), "clouds.yaml");
    writeFileSync(file, mock.cloudsYaml);
    const failed = await BareWorkers.beside({ OS_CLOUD: "mock", OS_CLIENT_CONFIG_FILE: file }, other, {
      joinTokens: { manager: "m", worker: "w" },
    }).catch((error: unknown) => error);
    expect(failed)
      .to.be.an("error")
      .with.property("message", `networks: 0 are called "other"; the cluster's alone should be.`);
  });
});
