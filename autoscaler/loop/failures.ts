import type { UpdateStep } from "../../ops/pulumi/events";
import { workerOfResource } from "../../settings/names";
import type { ClusterOutputs } from "../../settings/outputs";
import { nodeKey, type Failure, type NodeRef } from "../model/observation";

/**
 * How the cloud says that a quota is used up: Nova, Neutron and Cinder, as an answer or as a server's fault; with
 * Keystone's unified limits "is over a limit for" (oslo.limit, exception.py).
 */
const quotaWords =
  /quota exceeded|exceeded for|overquota|over quota|exceeds? (the )?quota|quotaexceeded|is over a limit for|maximum number of \w+ exceeded/i;
/**
 * How Nova says that no machine has room (nova/exception.py, NoValidHost); the zone may be gone from its list as well.
 */
const noHostWords = /no valid host|novalidhost|not enough hosts|availability zone .*(not available|not exist)/i;

/** Longest text of the cloud that is kept with a failure. */
const longestMessage = 300;

/**
 * What became of the workers that an update was to make, by what its steps say. Nodes that failed alike are one
 * failure.
 */
export function failuresOf(
  steps: readonly UpdateStep[],
  { clusterName, workerGroups }: Pick<ClusterOutputs, "clusterName" | "workerGroups">,
  at: number,
): Failure[] {
  const failures = new Map<string, Failure & { readonly nodes: NodeRef[] }>();
  for (const { resource, error, op } of steps) {
    const node = workerOfResource(clusterName, resource);
    if (error === undefined || node === undefined || op.startsWith("delete")) continue;
    const kind = quotaWords.test(error) ? "quota" : noHostWords.test(error) ? "no-valid-host" : "boot";
    const zone = workerGroups[node.group]?.zone;
    const key = kind === "quota" ? kind : `${kind} ${zone ?? ""}`;
    const known = failures.get(key);
    const message = `${nodeKey(node)}: ${error === "" ? "failed" : error}`.slice(0, longestMessage);
    if (known === undefined)
      failures.set(key, {
        kind,
        nodes: [node],
        at,
        message,
        ...(kind === "quota" || zone === undefined ? {} : { zone }),
      });
    else if (!known.nodes.some((one) => nodeKey(one) === nodeKey(node))) known.nodes.push(node);
  }
  return [...failures.values()];
}
