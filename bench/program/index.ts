import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Firewall } from "../../components/firewall";
import { Ingress } from "../../components/ingress";
import { Network } from "../../components/network";
import { SwarmNode } from "../../components/node";
import { planCluster, type PlannedManager } from "../../components/plan";
import type { NodePlace } from "../../settings/names";
import { benchSettings, userDataFor } from "../settings";

// The cluster's resources on OpenStack, of the cluster's own components; the number of nodes is in BENCH_NODES, whether
// the rules are edited in BENCH_EDITED_RULES.
const settings = benchSettings(Number(process.env["BENCH_NODES"]), process.env["BENCH_EDITED_RULES"] === "true");
const plan = planCluster(settings, {});
const [name, mark] = [settings.clusterName, "bench"];
const network = new Network(name, { addresses: plan.addresses, settings, held: [], mark });
const firewall = new Firewall(name, { settings, mark });
const group = new openstack.compute.ServerGroup(`${name}-managers-group`, {
  name: `${name}-managers`,
  policies: ["soft-anti-affinity"],
});
// no such server ever boots
const seed = "00".repeat(32);
const node = (place: NodePlace, manager?: PlannedManager) => ({
  cluster: name,
  mark,
  network,
  image: settings.image,
  template: "bench",
  place,
  unmade: new Set<string>(),
  holdsToken: false,
  userData: (address: pulumi.Output<string>) =>
    pulumi
      .all([address, network.mtu])
      .apply(([own, mtu]) => userDataFor({ settings, plan, seed, mtu }, place, own, manager)),
});
const managers = plan.managers.map(
  (planned) =>
    new SwarmNode(planned.place.name, {
      ...node(planned.place, planned),
      address: planned.address,
      flavor: planned.flavor,
      sharedAddress: plan.addresses.vip,
      securityGroupIds: firewall.managerGroupIds,
      serverGroupId: group.id,
    }),
);
for (const { port, place } of managers) {
  new openstack.networking.FloatingIp(
    `${place.name}-ip`,
    { pool: settings.externalNetwork, portId: port.id },
    { dependsOn: [...network.route] },
  );
}
for (const { place, flavor } of Object.values(plan.workers).flat())
  new SwarmNode(place.name, { ...node(place), flavor, securityGroupIds: firewall.workerGroupIds });
new Ingress(`${name}-ingress`, { settings, plan, network, mark });
