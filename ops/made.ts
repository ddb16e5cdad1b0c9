import { z } from "zod";
import type { MadeWith } from "../settings/lasting";
import { clusterOutputs } from "../settings/outputs";
import type { StateResource } from "./state";

const recorded = z.tuple([z.string()]);

/**
 * What a cluster that no update has completed is made with so far, by the resources that exist: the network's range, where the floating
 * IPs come from, and, once the swarm is there, everything that its init was given. What is absent may still be changed. Pure.
 */
export function madeSoFar(state: readonly StateResource[]): Partial<MadeWith> {
  const inputOf = (type: string, input: string): string | undefined => z.string().optional().catch(undefined)
    .parse(state.find((resource) => resource.type === type)?.inputs?.[input]);
  const networkCidr = inputOf("openstack:networking/subnet:Subnet", "cidr");
  const externalNetwork = inputOf("openstack:networking/floatingIp:FloatingIp", "pool");
  return {
    ...(networkCidr === undefined ? {} : { networkName: undefined, networkCidr }),
    ...(externalNetwork === undefined ? {} : { externalNetwork }),
    ...madeAtInit(state),
  };
}

/** The record that the swarm's init leaves in its inputs; an older program left none. */
function madeAtInit(state: readonly StateResource[]): Partial<MadeWith> {
  const init = state.find(({ urn, type }) => type === "command:local:Command" && urn.endsWith("-managers-init"));
  const triggers = recorded.safeParse(init?.inputs?.["triggers"]);
  return triggers.success ? clusterOutputs.shape.madeWith.parse(JSON.parse(triggers.data[0])) : {};
}
