import { z } from "zod";

/** Pulumi's types of what a cluster needs of OpenStack, and the provider's own names for them. */
const types: Readonly<Record<string, string>> = {
  "openstack:networking/network:Network": "openstack_networking_network_v2",
  "openstack:networking/subnet:Subnet": "openstack_networking_subnet_v2",
  "openstack:networking/router:Router": "openstack_networking_router_v2",
  "openstack:networking/routerInterface:RouterInterface": "openstack_networking_router_interface_v2",
  "openstack:networking/secGroup:SecGroup": "openstack_networking_secgroup_v2",
  "openstack:networking/secGroupRule:SecGroupRule": "openstack_networking_secgroup_rule_v2",
  "openstack:networking/port:Port": "openstack_networking_port_v2",
  "openstack:networking/floatingIp:FloatingIp": "openstack_networking_floatingip_v2",
  "openstack:compute/serverGroup:ServerGroup": "openstack_compute_servergroup_v2",
  "openstack:compute/instance:Instance": "openstack_compute_instance_v2",
};

/** Blocks, which Pulumi names in the plural and Terraform in the singular. */
const blocks: Readonly<Record<string, string>> = {
  fixedIps: "fixed_ip",
  allocationPools: "allocation_pool",
  networks: "network",
};

const stateSchema = z.object({
  deployment: z.object({
    resources: z.array(
      z.object({
        urn: z.string(),
        type: z.string(),
        id: z.string().optional(),
        inputs: z.record(z.string(), z.unknown()).default({}),
        dependencies: z.array(z.string()).default([]),
      }),
    ),
  }),
});

/**
 * The same resources as a Terraform configuration: every value that is another resource's id becomes a reference to it.
 *
 * @param exported what `pulumi stack export --show-secrets` printed.
 */
export function terraformOf(exported: unknown): Record<string, unknown> {
  const resources = stateSchema.parse(exported).deployment.resources.flatMap(({ type, ...rest }) => {
    const own = types[type];
    if (own === undefined && type.startsWith("openstack:") && !type.startsWith("pulumi:"))
      throw new Error(`${type}: has no Terraform name here`);
    return own === undefined
      ? []
      : [
          {
            ...rest,
            type: own,
            name:
              rest.urn
                .split("::")
                .at(-1)
                ?.replaceAll(/[^A-Za-z0-9_-]/g, "_") ?? "",
          },
        ];
  });
  const address = new Map(resources.map(({ urn, type, name }) => [urn, `${type}.${name}`]));
  const references = new Map(resources.map(({ id, type, name }) => [id ?? "", `\${${type}.${name}.id}`]));
  const value = (given: unknown): unknown => {
    if (typeof given === "string") return references.get(given) ?? escaped(given);
    if (Array.isArray(given)) return given.map(value);
    if (typeof given !== "object" || given === null) return given;
    const secret = (given as Record<string, unknown>)["plaintext"];
    if (typeof secret === "string") return value(JSON.parse(secret));
    return Object.fromEntries(
      Object.entries(given)
        .filter(([key]) => key !== "__defaults")
        .map(([key, inner]) => [snake(key), value(inner)]),
    );
  };
  const byType: Record<string, Record<string, unknown>> = {};
  for (const { type, name, inputs, dependencies } of resources) {
    const needed = dependencies.map((urn) => address.get(urn)).filter((one) => one !== undefined);
    const { metadata, ...others } = inputs;
    byType[type] = {
      ...byType[type],
      // the keys of metadata are data
      [name]: {
        ...(value(others) as object),
        ...(metadata === undefined ? {} : { metadata }),
        ...(needed.length === 0 ? {} : { depends_on: needed }),
      },
    };
  }
  return {
    terraform: { required_providers: { openstack: { source: "terraform-provider-openstack/openstack" } } },
    resource: byType,
  };
}

/** Text in which Terraform sees none of its templates. */
function escaped(text: string): string {
  return text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
}

function snake(key: string): string {
  return blocks[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
