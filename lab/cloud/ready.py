"""Until every nova service and neutron agent is alive and each zone's host offers its resources."""
import os
import sys
import time

import openstack

DEADLINE = 300  # seconds; 27 on a quiet machine
ZONES = os.environ["ZONES"].split()
AGENTS = ([("Linux bridge agent", h) for h in ["controller", *ZONES]]
          + [(a, "controller") for a in ("DHCP agent", "L3 agent", "Metadata agent")])
NOVA = [("nova-conductor", "controller"), ("nova-scheduler", "controller"), *(("nova-compute", z) for z in ZONES)]


def missing_parts(cloud):
    def placement(path):
        return cloud.session.get(path, endpoint_filter={"service_type": "placement"}).json()

    up = {(s.binary, s.host) for s in cloud.compute.services() if s.state == "up"}
    alive = {(a.agent_type, a.host) for a in cloud.network.agents() if a.is_alive}
    # a service that is "up" may have told placement nothing yet, and then nothing is scheduled on it
    offering = {p["name"] for p in placement("/resource_providers")["resource_providers"]
                if "MEMORY_MB" in placement(f"/resource_providers/{p['uuid']}/inventories")["inventories"]}
    return ([f"{b} on {h}" for b, h in NOVA if (b, h) not in up]
            + [f"{a} on {h}" for a, h in AGENTS if (a, h) not in alive]
            + [f"resources of {z}" for z in ZONES if z not in offering])


def main():
    cloud = openstack.connect()
    end = time.monotonic() + DEADLINE
    said = None
    while True:
        try:
            missing = missing_parts(cloud)
        except Exception as e:  # an API that still starts answers with every kind of error
            missing = [f"{type(e).__name__}: {e}"[:200]]
        if not missing:
            return
        if missing != said:
            print(time.strftime("%H:%M:%S"), "waiting for", "; ".join(missing), flush=True)
            said = missing
        if time.monotonic() > end:
            sys.exit(f"after {DEADLINE} s still missing: {missing}")
        time.sleep(0.5)


main()
