"""Service users and the catalogue; the ordinary user `swarm` with the role `member` in the project `swarm`.

Reads SERVICE_PASS and USER_PASS. Its result is kept with the databases (lib/databases.sh). Safe to repeat."""
import os

import openstack

CONTROLLER = os.environ["CONTROLLER_IP"]
SERVICES = [  # name, type, url
    ("glance", "image", f"http://{CONTROLLER}:9292"),
    ("placement", "placement", f"http://{CONTROLLER}:8778"),
    ("nova", "compute", f"http://{CONTROLLER}:8774/v2.1"),
    ("neutron", "network", f"http://{CONTROLLER}:9696"),
    ("swift", "object-store", f"http://{CONTROLLER}:8080/v1/AUTH_%(project_id)s"),
]


def main():
    keystone = openstack.connect().identity
    region = os.environ["REGION"]
    admin, member = keystone.find_role("admin"), keystone.find_role("member")
    service, swarm = (keystone.find_project(n) or keystone.create_project(name=n, domain_id="default")
                      for n in ("service", "swarm"))

    def user(name, password, project, role):
        found = keystone.find_user(name) or keystone.create_user(
            name=name, password=password, domain_id="default", default_project_id=project.id)
        keystone.assign_project_role_to_user(project, found, role)

    have = {(e.service_id, e.interface) for e in keystone.endpoints()}
    for name, kind, url in SERVICES:
        user(name, os.environ["SERVICE_PASS"], service, admin)
        entry = keystone.find_service(name) or keystone.create_service(name=name, type=kind)
        for interface in ("public", "internal"):
            if (entry.id, interface) not in have:
                keystone.create_endpoint(service_id=entry.id, interface=interface, url=url, region_id=region)
    user("swarm", os.environ["USER_PASS"], swarm, member)


main()
