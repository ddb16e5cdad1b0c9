import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { Firewall } from "../../components/firewall";
import { Ingress } from "../../components/ingress";
import { Network } from "../../components/network";
import { SwarmNode } from "../../components/node";
import { planCluster } from "../../components/plan";
import { benchSettings } from "../settings";

// The cluster's resources on OpenStack, of the cluster's own components; the number of workers is in BENCH_WORKERS.
const settings = benchSettings(Number(process.env["BENCH_WORKERS"]));
const plan = planCluster(settings, {});
const [name, mark] = [settings.clusterName, "bench"];
const network = new Network(name, { addresses: plan.addresses, settings, mark });
const firewall = new Firewall(name, { settings, mark });
const group = new openstack.compute.ServerGroup(`${name}-managers-group`, { name: `${name}-managers`, policies: ["soft-anti-affinity"] });
const node = { cluster: name, mark, network, image: settings.image, template: "bench", userData: () => pulumi.output("#cloud-config\n") };
const managers = plan.managers.map(({ place, address, flavor }) => new SwarmNode(place.name, {
  ...node, place, address, flavor, sharedAddress: plan.addresses.vip, securityGroupIds: firewall.managerGroupIds, serverGroupId: group.id,
}));
for (const { port, place } of managers) {
  new openstack.networking.FloatingIp(`${place.name}-ip`, { pool: settings.externalNetwork, portId: port.id }, { dependsOn: [...network.route] });
}
for (const { place, flavor } of Object.values(plan.workers).flat()) new SwarmNode(place.name, { ...node, place, flavor, securityGroupIds: firewall.workerGroupIds });
new Ingress(`${name}-ingress`, { settings, plan, network, mark });
