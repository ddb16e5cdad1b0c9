"""The application credential of the autoscaler's service, as an ordinary user makes it: may do what the rules say, and no more.

credential.py RULES NAME: makes it anew and prints a clouds.yaml with it as the cloud NAME."""
import json
import sys

import openstack
import yaml


def main():
    rules, name = sys.argv[1:]
    cloud = openstack.connect(cloud="lab")
    path = f"/users/{cloud.session.get_user_id()}/application_credentials"
    for old in cloud.identity.get(path, params={"name": name}).json()["application_credentials"]:
        cloud.identity.delete(f"{path}/{old['id']}")
    with open(rules, encoding="utf-8") as f:
        asked = {"name": name, "unrestricted": False, "access_rules": json.load(f)}
    answer = cloud.identity.post(path, json={"application_credential": asked})
    answer.raise_for_status()
    made = answer.json()["application_credential"]
    auth = {"auth_url": cloud.config.auth["auth_url"], "application_credential_id": made["id"], "application_credential_secret": made["secret"]}
    yaml.safe_dump({"clouds": {name: {"auth_type": "v3applicationcredential", "region_name": cloud.config.region_name, "auth": auth}}}, sys.stdout)


main()
