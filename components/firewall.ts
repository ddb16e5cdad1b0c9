import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { planFirewall, type FirewallGroup, type FirewallSettings, type PlannedRule } from "./firewall-rules";

export interface FirewallArgs {
  readonly settings: FirewallSettings;
  /** The mark of the cluster's resources. */
  readonly mark: pulumi.Input<string>;
}

/**
 * The security groups of the cluster and their rules, from the table in firewall-rules.ts. Owns what may reach a node;
 * nodes may reach everything (registries, package mirrors and time have no fixed addresses).
 */
export class Firewall extends pulumi.ComponentResource {
  readonly managerGroupIds: pulumi.Output<string>[];
  readonly workerGroupIds: pulumi.Output<string>[];
  /** What a server waits for: without its rules nobody can reach it. */
  readonly rules: readonly openstack.networking.SecGroupRule[];
  /** Deleted only with the whole cluster; resources inside the swarm need no deletion of their own then. */
  readonly anchor: pulumi.Resource;

  constructor(name: string, { settings, mark }: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:network:Firewall", name, {}, opts);
    const group = (role: FirewallGroup): openstack.networking.SecGroup =>
      new openstack.networking.SecGroup(
        `${name}-${role}`,
        {
          name: `${name}-${role}`,
          description: mark,
          // Neutron's own rules let everything out, whatever ours say
          deleteDefaultRules: true,
          tags: [name],
        },
        { parent: this },
      );
    const groups: Record<FirewallGroup, openstack.networking.SecGroup> = {
      nodes: group("nodes"),
      managers: group("managers"),
      workers: group("workers"),
    };
    this.rules = [
      new openstack.networking.SecGroupRule(
        `${name}-egress`,
        {
          securityGroupId: groups.nodes.id,
          direction: "egress",
          ethertype: "IPv4",
          remoteIpPrefix: "0.0.0.0/0",
          description: "registries, packages, time, names",
        },
        { parent: this, deletedWith: groups.nodes },
      ),
      ...planFirewall(settings).map((planned) => this.ingressRule(name, planned, groups)),
    ];
    this.anchor = groups.nodes;
    this.managerGroupIds = [groups.nodes.id, groups.managers.id];
    this.workerGroupIds = [groups.nodes.id, groups.workers.id];
    this.registerOutputs({});
  }

  private ingressRule(
    name: string,
    { key, rule, source }: PlannedRule,
    groups: Record<FirewallGroup, openstack.networking.SecGroup>,
  ): openstack.networking.SecGroupRule {
    return new openstack.networking.SecGroupRule(
      `${name}-${key}`,
      {
        securityGroupId: groups[rule.to].id,
        direction: "ingress",
        ethertype: "IPv4",
        protocol: rule.protocol,
        ...(rule.port === undefined ? {} : { portRangeMin: rule.port, portRangeMax: rule.port }),
        ...("group" in source ? { remoteGroupId: groups[source.group].id } : { remoteIpPrefix: source.cidr }),
        description: rule.why,
      },
      // the provider deletes the rules of a group one by one; with the group they go at once
      { parent: this, deletedWith: groups[rule.to] },
    );
  }
}
