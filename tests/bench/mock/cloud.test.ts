import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { startMockCloud, type MockCloud } from "../../../bench/mock/cloud";
import { OpenStack } from "../../../ops/openstack/client";

const thing = z.record(z.string(), z.unknown());

describe("the mock cloud", () => {
  let mock: MockCloud;
  let cloud: OpenStack;

  before(async () => {
    mock = await startMockCloud({ externalNetwork: "external", flavors: ["m1.small"], image: "nothing" });
    const file = join(mkdtempSync(join(tmpdir(), "mock-cloud-")), "clouds.yaml");
    writeFileSync(file, mock.cloudsYaml);
    cloud = await OpenStack.open({ OS_CLOUD: "mock", OS_CLIENT_CONFIG_FILE: file });
  });
  after(async () => {
    await mock.close();
  });

  it("listens on the loopback address alone", () => {
    expect(mock.cloudsYaml).to.match(/auth_url: http:\/\/127\.0\.0\.1:\d+\/identity\/v3/);
  });

  it("finds things by what a query names", async () => {
    expect(
      await cloud.list("network", "/v2.0/networks?name=external&router:external=true", "networks", thing),
    ).to.have.length(1);
    expect(await cloud.list("network", "/v2.0/networks?name=other", "networks", thing)).to.deep.equal([]);
    expect(
      (await cloud.request("image", "/v2/images?name=nothing", z.object({ images: z.array(thing) }))).images,
    ).to.have.length(1);
  });

  it("gives ports the next addresses of their subnet's pool, and servers theirs", async () => {
    const make = async (kind: string, values: object): Promise<Record<string, unknown>> =>
      z.record(z.string(), thing).parse(await cloud.request("network", `/v2.0/${kind}s`, thing, { [kind]: values }))[
        kind
      ] ?? {};
    const network = await make("network", { name: "inner" });
    const subnet = await make("subnet", {
      network_id: network["id"],
      allocation_pools: [{ start: "10.0.0.255", end: "10.0.1.9" }],
    });
    const ports = await Promise.all(
      [1, 2].map(() => make("port", { network_id: network["id"], fixed_ips: [{ subnet_id: subnet["id"] }] })),
    );
    expect(
      ports.flatMap((port) => port["fixed_ips"]).map((fixed) => (fixed as { ip_address: string }).ip_address),
    ).to.have.members(["10.0.0.255", "10.0.1.0"]);

    const asked = {
      server: { name: "one", flavorRef: "flavor-m1.small", imageRef: "image", networks: [{ port: ports[0]?.["id"] }] },
    };
    const {
      server: { id },
    } = await cloud.request("compute", "/servers", z.object({ server: z.object({ id: z.string() }) }), asked);
    const { server } = await cloud.request("compute", `/servers/${id}`, z.object({ server: thing }));
    expect(server["status"]).to.equal("ACTIVE");
    expect(JSON.stringify(server["addresses"])).to.include("inner").and.include("10.0.0.255");
    await cloud.delete("compute", `/servers/${id}`);
    expect(await cloud.list("compute", "/servers/detail", "servers", thing)).to.deep.equal([]);
  });

  it("makes a security group with Neutron's own rules, which go with it", async () => {
    const { security_group: group } = await cloud.request(
      "network",
      "/v2.0/security-groups",
      z.object({ security_group: z.object({ id: z.string() }) }),
      { security_group: { name: "g" } },
    );
    const rules = `/v2.0/security-group-rules?security_group_id=${group.id}`;
    expect(await cloud.list("network", rules, "security_group_rules", thing)).to.have.length(2);
    await cloud.delete("network", `/v2.0/security-groups/${group.id}`);
    expect(await cloud.list("network", rules, "security_group_rules", thing)).to.deep.equal([]);
  });

  it("remembers what it has no answer to", async () => {
    await cloud.request("compute", "/servers/none/frob", thing, {}).catch(() => undefined);
    await cloud.request("network", "/v2.0/trunks", thing, {}).catch(() => undefined);
    expect(mock.unanswered).to.deep.equal(["POST /network/v2.0/trunks"]);
  });
});
