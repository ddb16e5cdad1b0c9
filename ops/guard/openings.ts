import { ingressPorts } from "../../settings/ports";
import type { ResourceState } from "./plan";

/** Networks with a shorter prefix count as everyone; the settings refuse them for administrators. */
const widestPrefix = 8;

/**
 * What a resource opens to everyone, beside the ingress; equal texts for equal openings. Pure.
 */
export function openings(type: string, { inputs }: ResourceState): string[] {
  const {
    direction,
    protocol,
    portRangeMin,
    portRangeMax,
    remoteIpPrefix,
    remoteGroupId,
    remoteAddressGroupId,
    portSecurityEnabled,
    protocolPort,
    allowedCidrs,
  } = inputs;
  switch (type) {
    case "openstack:networking/secGroupRule:SecGroupRule": {
      const fromAll =
        remoteIpPrefix === undefined || remoteIpPrefix === ""
          ? remoteGroupId === undefined && remoteAddressGroupId === undefined
          : isWide(remoteIpPrefix);
      const isIngress = protocol === "tcp" && portRangeMin === portRangeMax && isIngressPort(portRangeMin);
      return direction === "ingress" && fromAll && !isIngress ? [[protocol, portRangeMin, portRangeMax].join()] : [];
    }
    case "openstack:loadbalancer/listener:Listener": {
      const fromAll = !Array.isArray(allowedCidrs) || allowedCidrs.length === 0 || allowedCidrs.some(isWide);
      return fromAll && !isIngressPort(protocolPort) ? [String(protocolPort)] : [];
    }
    case "openstack:networking/port:Port":
    case "openstack:networking/network:Network":
      return portSecurityEnabled === false ? ["no port security"] : [];
    default:
      return [];
  }
}

function isWide(network: unknown): boolean {
  return typeof network === "string" && network.includes("/") && Number(network.split("/")[1]) < widestPrefix;
}

function isIngressPort(port: unknown): boolean {
  return ingressPorts.some((one) => one === port);
}
