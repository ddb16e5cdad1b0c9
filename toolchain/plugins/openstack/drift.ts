/** Where the Terraform provider of the plugin is ahead of the one that the npm package was made from. */
export interface Drift {
  /** The npm package's tokens that the provider has nothing for any more. */
  readonly removed: readonly string[];
  /** The provider's names that the npm package has no token for: the plugin leaves them out. */
  readonly added: readonly string[];
}

/** The npm package is made from provider 1.54.1, the plugin from 3.4.0. */
export const resourceDrift: Drift = {
  removed: [
    // services that OpenStack itself has dropped: Cinder's first two APIs, nova-network's addresses and groups, FWaaS
    // and LBaaS v1
    "openstack:blockstorage/quoteSetV2:QuoteSetV2",
    "openstack:blockstorage/volumeAttachV2:VolumeAttachV2",
    "openstack:blockstorage/volumeV1:VolumeV1",
    "openstack:blockstorage/volumeV2:VolumeV2",
    "openstack:compute/floatingIp:FloatingIp",
    "openstack:compute/floatingIpAssociate:FloatingIpAssociate",
    "openstack:compute/secGroup:SecGroup",
    "openstack:firewall/firewall:Firewall",
    "openstack:firewall/policy:Policy",
    "openstack:firewall/rule:Rule",
    "openstack:loadbalancer/memberV1:MemberV1",
    "openstack:loadbalancer/monitorV1:MonitorV1",
    "openstack:loadbalancer/poolV1:PoolV1",
    "openstack:loadbalancer/vip:Vip",
  ],
  added: [
    "openstack_bgpvpn_network_associate_v2",
    "openstack_bgpvpn_port_associate_v2",
    "openstack_bgpvpn_router_associate_v2",
    "openstack_bgpvpn_v2",
    "openstack_dns_quota_v2",
    "openstack_dns_zone_share_v2",
    "openstack_identity_limit_v3",
    "openstack_identity_registered_limit_v3",
    "openstack_lb_flavor_v2",
    "openstack_lb_flavorprofile_v2",
    "openstack_networking_address_group_v2",
    "openstack_networking_bgp_peer_v2",
    "openstack_networking_bgp_speaker_v2",
    "openstack_networking_router_routes_v2",
    "openstack_networking_segment_v2",
    "openstack_objectstorage_account_v1",
    "openstack_taas_tap_mirror_v2",
  ],
};

export const functionDrift: Drift = {
  removed: [
    "openstack:blockstorage/getSnapshotV2:getSnapshotV2",
    "openstack:blockstorage/getVolumeV2:getVolumeV2",
    "openstack:firewall/getPolicy:getPolicy",
  ],
  added: [
    "openstack_compute_servergroup_v2",
    "openstack_dns_zone_share_v2",
    "openstack_identity_project_ids_v3",
    "openstack_lb_flavor_v2",
    "openstack_lb_flavorprofile_v2",
    "openstack_lb_listener_v2",
    "openstack_lb_loadbalancer_v2",
    "openstack_lb_pool_v2",
    "openstack_loadbalancer_flavor_v2",
    "openstack_networking_segment_v2",
    "openstack_workflow_workflow_v2",
  ],
};

/** Settings of the npm package's provider class that the provider no longer has: LBaaS is Octavia alone. */
export const removedSettings: readonly string[] = ["useOctavia"];

/** Properties of the npm package that the provider no longer has, as the comparison of the two surfaces calls them. */
export const removedProperties: ReadonlySet<string> = new Set([
  ...removedSettings.map((name) => `openstack input ${name}`),
  // what Cinder, Nova and Glance decide by themselves or have dropped
  "openstack:blockstorage/volume:Volume input multiattach",
  "openstack:blockstorage/volume:Volume output multiattach",
  "openstack:blockstorage/getVolumeV3:getVolumeV3 output multiattach",
  "openstack:compute/instance:Instance input accessIpV4",
  "openstack:compute/instance:Instance input accessIpV6",
  "openstack:compute/instance:Instance input floatingIp",
  "openstack:compute/instance:Instance output floatingIp",
  "openstack:compute/instance:Instance input volumes",
  "openstack:compute/instance:Instance output volumes",
  "openstack:images/image:Image output updateAt",
  "openstack:images/getImage:getImage input sortDirection",
  "openstack:images/getImage:getImage output sortDirection",
  "openstack:images/getImage:getImage input sortKey",
  "openstack:images/getImage:getImage output sortKey",
  "openstack:images/getImageIds:getImageIds input sortDirection",
  "openstack:images/getImageIds:getImageIds output sortDirection",
  "openstack:images/getImageIds:getImageIds input sortKey",
  "openstack:images/getImageIds:getImageIds output sortKey",
  // older spellings: externalNetworkId, allocationPools, a SubnetRoute, dhcpEnabled
  "openstack:networking/router:Router input externalGateway",
  "openstack:networking/router:Router output externalGateway",
  "openstack:networking/subnet:Subnet input allocationPoolsCollection",
  "openstack:networking/subnet:Subnet output allocationPoolsCollection",
  "openstack:networking/subnet:Subnet input hostRoutes",
  "openstack:networking/subnet:Subnet output hostRoutes",
  "openstack:networking/getSubnet:getSubnet input dhcpDisabled",
  "openstack:networking/getSubnet:getSubnet output dhcpDisabled",
]);

/** Properties whose nested values have lost a field. */
export const narrowedProperties: Readonly<Record<string, string>> = {
  "openstack:compute/instance:Instance input networks": "floatingIp",
  "openstack:compute/instance:Instance output networks": "floatingIp",
};

/** `all` without the names that `left` lists. A name in `left` that is not in `all` means that the list is stale. */
export function without<T>(all: Readonly<Record<string, T>>, left: readonly string[]): Record<string, T> {
  const stale = left.filter((name) => !(name in all));
  if (stale.length > 0) throw new Error(`drift.ts: ${stale.join(", ")}: not there; take it off the list.`);
  return Object.fromEntries(Object.entries(all).filter(([name]) => !left.includes(name)));
}
