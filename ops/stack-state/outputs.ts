import { z } from "zod";
import { readClusterOutputs, type ClusterOutputs } from "../../settings/outputs";
import { LockedError, messageOf, OperationError } from "../errors";
import { lastWords, runPulumi, type StackPlace } from "../pulumi/run";
import { holderIn } from "./locks";

/**
 * Seconds to read the outputs by default. The first call on a machine may build Pulumi's command line first
 * (toolchain/).
 */
const outputsSeconds = 1200;

/**
 * The outputs of a stack, secrets in clear.
 *
 * @throws LockedError when another update holds the stack's lock.
 * @throws OperationError when Pulumi fails, or when the stack has no cluster.
 */
export async function stackOutputs(
  place: StackPlace,
  environment: NodeJS.ProcessEnv,
  timeoutSeconds = outputsSeconds,
): Promise<ClusterOutputs> {
  const result = await runPulumi(place, ["stack", "output", "--json", "--show-secrets"], {
    environment,
    timeoutSeconds,
  });
  const subject = `stack ${place.stack}`;
  if (result.timedOut)
    throw new OperationError(
      `${subject}: Pulumi did not read its outputs within ${timeoutSeconds} seconds; does the backend answer?`,
    );
  if (result.code !== 0) {
    // standard output may hold secrets, so no error quotes it
    const holder = holderIn(result.stderr);
    if (holder !== undefined) throw new LockedError(place.stack, holder);
    throw new OperationError(`${subject}: Pulumi cannot read its outputs; ${lastWords(result.stderr)}`);
  }
  try {
    return readOutputs(JSON.parse(result.stdout));
  } catch (error) {
    throw new OperationError(`${subject}: ${messageOf(error)}`);
  }
}

/**
 * Reads the cluster from the outputs of a stack, secrets in clear, as `pulumi stack output --json --show-secrets` prints
 * them.
 *
 * @throws OperationError when they are not those of a cluster that this program or an earlier one made.
 */
export function readOutputs(outputs: unknown): ClusterOutputs {
  try {
    const cluster = readClusterOutputs(z.record(z.string(), z.unknown()).parse(outputs));
    if (cluster !== undefined) return cluster;
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
  }
  throw new OperationError("the stack has no cluster yet, or an older one; run `pulumi up`.");
}
