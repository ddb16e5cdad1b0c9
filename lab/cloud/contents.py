"""What the cloud holds before a user comes: flavors, zones, the external network, quotas, images. Safe to repeat."""
import os
import time

import images
import openstack

ZONES = os.environ["ZONES"].split()
FLAVORS = [("m1.tiny", 512, 4, 1), ("m1.small", 1024, 8, 1), ("c1.small", 1024, 8, 1), ("m1.medium", 2048, 12, 1), ("c1.medium", 2048, 12, 1), ("m1.large", 4096, 20, 2)]  # MiB, GiB, vCPU
COMPUTE_QUOTA = {"instances": 40, "cores": 40, "ram": 40960, "server_groups": 40, "server_group_members": 40, "key_pairs": 100}
NETWORK_QUOTA = {"networks": 20, "subnets": 20, "routers": 10, "ports": 200, "floating_ips": 40, "security_groups": 60,
                 "security_group_rules": 600}


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def flavors(cloud):
    have = {f.name for f in cloud.compute.flavors()}
    for name, ram, disk, vcpus in FLAVORS:
        if name not in have:
            cloud.compute.create_flavor(name=name, ram=ram, disk=disk, vcpus=vcpus)


def zones(cloud):
    have = {a.name: a for a in cloud.compute.aggregates()}
    for zone in ZONES:
        aggregate = have.get(zone) or cloud.compute.create_aggregate(name=zone, availability_zone=zone)
        if zone not in (aggregate.hosts or []):
            place(cloud, aggregate, zone)


def place(cloud, aggregate, host, deadline=90):
    """Add the host to the aggregate; refused until the scheduler has mapped the host to the cell."""
    end = time.monotonic() + deadline
    while True:
        try:
            return cloud.compute.add_host_to_aggregate(aggregate.id, host)
        except openstack.exceptions.HttpException as e:
            if e.status_code not in (404, 503) or time.monotonic() > end:
                raise
            say(f"{host} is not mapped yet")
            time.sleep(1)


def external_network(cloud):
    net = cloud.network.find_network("external") or cloud.network.create_network(
        name="external", is_router_external=True, is_shared=False, provider_network_type="flat",
        provider_physical_network="external")
    if not cloud.network.find_subnet("external", network_id=net.id):
        first, last = os.environ["EXT_POOL"].split("-")
        cloud.network.create_subnet(name="external", network_id=net.id, ip_version=4, cidr=os.environ["EXT_NET"],
                                    gateway_ip=os.environ["EXT_SERVICES"], is_dhcp_enabled=False,
                                    allocation_pools=[{"start": first, "end": last}])


def quotas(cloud):
    project = cloud.identity.find_project("swarm", ignore_missing=False)
    cloud.set_compute_quotas(project.id, **COMPUTE_QUOTA)
    cloud.set_network_quotas(project.id, **NETWORK_QUOTA)


def main():
    cloud = openstack.connect()
    flavors(cloud)
    zones(cloud)
    external_network(cloud)
    quotas(cloud)
    images.upload(cloud, os.environ["LAB_IMAGES"], os.environ["LAB_STATE"], say)


main()
