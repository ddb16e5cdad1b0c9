import type { OpenStack } from "./client";

/** The newest update that the cloud knows of: its number, and whether it came to its end. */
export interface CloudSerial {
  readonly number: number;
  readonly ended: boolean;
}

const tagPattern = /^update-(\d+)-(begun|ended)$/;

/** The number of the newest update among the tags of the cluster's first security group. Pure. */
export function serialIn(tags: readonly string[]): CloudSerial | undefined {
  const serials = tags.flatMap((tag) => {
    const [, number, how] = tagPattern.exec(tag) ?? [];
    return number === undefined ? [] : [{ number: Number(number), ended: how === "ended" }];
  });
  return serials.sort((one, other) => other.number - one.number)[0];
}

/**
 * True where the state is older than the cloud. An update notes on the cloud that it began and that it ended, and the
 * state has its number when it is complete. So the state may be one behind: the last update did not end, or it was
 * killed between the two notes, and then the cloud has nothing that the state does not know. Pure.
 *
 * @param state number of the last complete update by the state; 0 where it has none.
 * @param hasUnknown whether the cloud has things of the cluster that the state does not know.
 */
export function isBehind(state: number, cloud: CloudSerial | undefined, hasUnknown: boolean): boolean {
  if (cloud === undefined || cloud.number <= state) return false;
  return cloud.number > state + 1 || (cloud.ended && hasUnknown);
}

/** Notes an update's number on a security group. It is no input of the group's resource, so Pulumi sees no change. */
export async function noteSerial(
  cloud: OpenStack,
  group: { readonly id: string; readonly tags?: readonly string[] },
  serial: CloudSerial,
): Promise<void> {
  const others = (group.tags ?? []).filter((tag) => !tagPattern.test(tag));
  await cloud.put("network", `/v2.0/security-groups/${group.id}/tags`, {
    tags: [...others, `update-${serial.number}-${serial.ended ? "ended" : "begun"}`],
  });
}
