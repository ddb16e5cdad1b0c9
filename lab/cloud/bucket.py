"""The bucket of Pulumi's states and the key to it, made as an ordinary user makes them. Safe to repeat.

Writes S3_CREDENTIALS, in the format of AWS's shared credentials file."""
import os

import openstack


def key(identity, session):
    """The user's own key for the S3 API (Keystone's "ec2 credential"): the one that there is, or a new one."""
    path = f"/users/{session.get_user_id()}/credentials/OS-EC2"
    have = identity.get(path).json()["credentials"]
    if have:
        return have[0]
    made = identity.post(path, json={"tenant_id": session.get_project_id()})
    made.raise_for_status()
    return made.json()["credential"]


def main():
    cloud = openstack.connect(cloud="lab")
    cloud.object_store.create_container(os.environ["BUCKET"])
    mine = key(cloud.identity, cloud.session)
    path = os.environ["S3_CREDENTIALS"]
    with open(os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
        f.write(f"[default]\naws_access_key_id = {mine['access']}\naws_secret_access_key = {mine['secret']}\n")
    os.replace(f"{path}.new", path)


main()
