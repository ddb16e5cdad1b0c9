import { OperationError } from "../errors";

/** A range of versions of the Docker Engine API, e.g. 1.24 to 1.45. */
export interface ApiRange {
  readonly oldest: string;
  readonly newest: string;
}

/**
 * What this program is tested with: 1.41 (Docker 20.10) has every field that is read here, 1.56 is what the newest
 * engine of the lab speaks. Source: https://docs.docker.com/reference/api/engine/version-history/
 */
export const testedApi: ApiRange = { oldest: "1.41", newest: "1.56" };

/**
 * The version to speak with an engine: the newest that both have.
 *
 * @param subject the engine's node, for the message.
 * @throws OperationError where they have none in common.
 */
export function commonApiVersion(subject: string, engine: ApiRange, tested: ApiRange = testedApi): string {
  const version = compareApiVersions(engine.newest, tested.newest) < 0 ? engine.newest : tested.newest;
  if (compareApiVersions(version, tested.oldest) >= 0 && compareApiVersions(version, engine.oldest) >= 0)
    return version;
  throw new OperationError(
    `${subject}: its Docker Engine speaks API ${engine.oldest} to ${engine.newest}, this program ${tested.oldest} to ${tested.newest}; ` +
      `use a version of Docker${compareApiVersions(version, tested.oldest) < 0 ? " from 20.10 on" : " that this program knows, or a newer release of this program"}.`,
  );
}

/** Negative where the first is older, 0 where both are the same; "1.9" is older than "1.41". */
export function compareApiVersions(first: string, second: string): number {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [parts(first), parts(second)];
  return major - otherMajor || minor - otherMinor;
}

/** @throws OperationError where it is no version. */
function parts(version: string): readonly number[] {
  if (!/^\d+\.\d+$/.test(version))
    throw new OperationError(
      `Docker's API version: "${version}" is not a version; allowed are two numbers, e.g. "1.45".`,
    );
  return version.split(".").map(Number);
}
