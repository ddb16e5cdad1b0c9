import { z } from "zod";
import { OpenStack } from "../../../ops/openstack/client";
import { cloud, lab } from "./lab";

/** Sets how many servers the project may have, as the cloud's administrator does; hands over what sets it back. */
export async function limitServers(instances: number): Promise<() => Promise<void>> {
  const { projectId } = await cloud();
  const admin = await OpenStack.open({
    OS_CLIENT_CONFIG_FILE: (await lab("clouds")).stdout.trim(),
    OS_CLOUD: "lab-admin",
  });
  const path = `/os-quota-sets/${projectId}`;
  const { quota_set: before } = await admin.request(
    "compute",
    path,
    z.object({ quota_set: z.object({ instances: z.int() }) }),
  );
  const set = async (value: number): Promise<void> => {
    await admin.put("compute", path, { quota_set: { instances: value } });
  };
  await set(instances);
  return async () => {
    await set(before.instances);
  };
}
