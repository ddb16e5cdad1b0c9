import { z } from "zod";
import type { OpenStack } from "../../../ops/openstack/client";

const id = z.object({ id: z.string() });

/** Makes a network with a router to an external one, as somebody else would have made it before the cluster came. */
export async function makeNetwork(cloud: OpenStack, name: string, cidr: string, external: string): Promise<void> {
  const [outside] = await cloud.list("network", `/v2.0/networks?name=${external}`, "networks", id);
  if (outside === undefined) throw new Error(`no network ${external}`);
  const { network } = await cloud.request("network", "/v2.0/networks", z.object({ network: id }), {
    network: { name },
  });
  const { subnet } = await cloud.request("network", "/v2.0/subnets", z.object({ subnet: id }), {
    subnet: {
      name,
      network_id: network.id,
      cidr,
      ip_version: 4,
      allocation_pools: [{ start: cidr.replace("0/24", "100"), end: cidr.replace("0/24", "200") }],
    },
  });
  const { router } = await cloud.request("network", "/v2.0/routers", z.object({ router: id }), {
    router: { name, external_gateway_info: { network_id: outside.id } },
  });
  await cloud.put("network", `/v2.0/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id });
}

export async function removeNetwork(cloud: OpenStack, name: string): Promise<void> {
  for (const router of await cloud.list("network", `/v2.0/routers?name=${name}`, "routers", id)) {
    for (const subnet of await cloud.list("network", `/v2.0/subnets?name=${name}`, "subnets", id)) {
      await cloud.put("network", `/v2.0/routers/${router.id}/remove_router_interface`, { subnet_id: subnet.id });
    }
    await cloud.delete("network", `/v2.0/routers/${router.id}`);
  }
  for (const network of await cloud.list("network", `/v2.0/networks?name=${name}`, "networks", id))
    await cloud.delete("network", `/v2.0/networks/${network.id}`);
}
