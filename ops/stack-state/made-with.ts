import { z } from "zod";
import { parseAs } from "../../settings/json";
import type { MadeWith } from "../../settings/made-with";
import { clusterOutputs } from "../../settings/outputs";
import { sharedNetworks, type SharedNetwork, type SharedSubnets } from "../../settings/overlays";
import { initSpec } from "../../settings/specs";
import type { StateResource } from "./state";

const recorded = z.tuple([z.string()]);
const initInputs = z.object({ environment: z.object({ SWARM_SPEC: z.string() }) });
const initFacts = initSpec.pick({ overlayPools: true, overlayPrefix: true, overlayOptions: true, ingressSubnet: true });
const sharedNetwork = z.object({
  name: z.enum(sharedNetworks),
  ipamConfigs: z.tuple([z.object({ subnet: z.string() })]),
});

/** Ends the logical name of the init, after the cluster's name. */
const initSuffix = "-managers-init";

/**
 * What a cluster that no update has completed is made with so far, by the resources that exist: the network's range,
 * where the floating IPs come from, and, once the swarm is there, everything that its init was given. What is absent
 * may still be changed. Pure.
 */
export function madeSoFar(state: readonly StateResource[]): Partial<MadeWith> {
  const inputOf = (type: string, input: string): string | undefined =>
    z
      .string()
      .optional()
      .catch(undefined)
      .parse(state.find((resource) => resource.type === type)?.inputs?.[input]);
  const networkCidr = inputOf("openstack:networking/subnet:Subnet", "cidr");
  const externalNetwork = inputOf("openstack:networking/floatingIp:FloatingIp", "pool");
  return {
    ...(networkCidr === undefined ? {} : { networkName: undefined, networkCidr }),
    ...(externalNetwork === undefined ? {} : { externalNetwork }),
    ...madeAtInit(state),
  };
}

/**
 * The record that the swarm's init leaves in its inputs. Of an older program's, which left none, what the init was
 * told, and the networks that exist.
 */
function madeAtInit(state: readonly StateResource[]): Partial<MadeWith> {
  const init = state.find(({ urn, type }) => type === "command:local:Command" && urn.endsWith(initSuffix));
  if (init === undefined) return {};
  const triggers = recorded.safeParse(init.inputs?.["triggers"]);
  if (triggers.success) return clusterOutputs.shape.madeWith.parse(JSON.parse(triggers.data[0]));
  const told = initInputs.safeParse(init.inputs);
  const spec = told.success ? parseAs(initFacts, told.data.environment.SWARM_SPEC) : undefined;
  if (spec === undefined) return {};
  const { overlayPools, overlayPrefix, overlayOptions, ingressSubnet } = spec;
  const clusterName = (init.urn.split("::").at(-1) ?? "").slice(0, -initSuffix.length);
  const sharedSubnets = subnetsIn(state, ingressSubnet);
  return {
    clusterName,
    overlayPools,
    overlayPrefix,
    overlayEncryption: overlayOptions["encrypted"] === "true",
    ...(Object.keys(sharedSubnets).length === 0 ? {} : { sharedSubnets }),
  };
}

/** Subnets of shared networks that the program chose; Docker chose those of the others. */
function subnetsIn(state: readonly StateResource[], ingress: string | undefined): Partial<SharedSubnets> {
  const others = state
    .filter(({ type }) => type === "docker:index/network:Network")
    .flatMap(({ inputs }): [SharedNetwork, string][] => {
      const parsed = sharedNetwork.safeParse(inputs);
      return parsed.success ? [[parsed.data.name, parsed.data.ipamConfigs[0].subnet]] : [];
    });
  return { ...(ingress === undefined ? {} : { ingress }), ...Object.fromEntries(others) };
}
