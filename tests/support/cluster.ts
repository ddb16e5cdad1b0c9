import type { Answers, MockOptions } from "./pulumi";

/** A cloud that gives every port its fixed address or a next one, and every floating IP a number. */
export function cloudAnswers(): Answers {
  let [worker, floating] = [20, 100];
  return {
    "openstack:networking/network:Network": () => ({ mtu: 1450 }),
    "openstack:networking/port:Port": (inputs) => {
      const [first] = inputs["fixedIps"] as { ipAddress?: string }[];
      return { allFixedIps: [first?.ipAddress ?? `10.20.0.${worker++}`] };
    },
    "openstack:networking/floatingIp:FloatingIp": () => ({ address: `203.0.113.${floating++}` }),
    "openstack:loadbalancer/loadBalancer:LoadBalancer": () => ({ vipPortId: "balancer-port" }),
    "command:local:Command": (_, name) => ({ stdout: commandOutput(name) }),
    "pulumi:pulumi:StackReference": () => ({ outputs: {}, secretOutputNames: [] }),
  };
}

export const tokens = { managerToken: "SWMTKN-1-manager", workerToken: "SWMTKN-1-worker" };

function commandOutput(name: string): string {
  if (name.endsWith("-seed")) return "5e".repeat(32);
  return name.endsWith("-init") ? JSON.stringify({ clusterId: "cluster-id", ...tokens }) : "";
}

export const cloudCalls: NonNullable<MockOptions["calls"]> = {
  "openstack:images/getImageIds:getImageIds": () => ({ ids: ["image-id"] }),
  "openstack:networking/getNetwork:getNetwork": ({ name, external }) =>
    external === true ? { id: "external-id" } : { id: `network-${String(name)}`, mtu: 8950 },
  "openstack:networking/getSubnet:getSubnet": ({ cidr }) => ({
    id: `subnet-${String(cidr)}`,
    allocationPools: [{ start: "10.20.0.100", end: "10.20.0.200" }],
  }),
};
