import type { DockerNode } from "../connection/docker";
import { BusyError } from "../errors";
import { isMissing, isOutdated, isTaken } from "../connection/third-party";

/** A text that the swarm keeps for a program, and the version by which nobody overwrites what he has not read. */
export interface KeptRecord {
  readonly id: string;
  readonly version: number;
  readonly text: string;
}

interface ConfigState {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Name: string; readonly Labels?: Record<string, string> };
}

/** The only part of a config that can be changed is its labels; raft takes 1.5 MB in one change. */
const label = "record";
const explanation = "Kept by a program; the record is in this config's label.\n";

/** Reads the record of a name; undefined where there is none. */
export async function readRecord(manager: DockerNode, name: string): Promise<KeptRecord | undefined> {
  const configs = (await manager.api.listConfigs({ filters: { name: [name] } })) as unknown as ConfigState[];
  // the filter takes what begins with the name
  const found = configs.find(({ Spec }) => Spec.Name === name);
  return found === undefined
    ? undefined
    : { id: found.ID, version: found.Version.Index, text: found.Spec.Labels?.[label] ?? "" };
}

/**
 * Writes a record in the place of the one that was read before, or the first one.
 *
 * @returns the record as it stands now.
 * @throws BusyError when somebody else wrote in between; nothing was written then.
 */
export async function writeRecord(
  manager: DockerNode,
  name: string,
  text: string,
  known: KeptRecord | undefined,
): Promise<KeptRecord> {
  try {
    if (known === undefined) {
      await manager.api.createConfig({
        Name: name,
        Labels: { [label]: text },
        Data: Buffer.from(explanation).toString("base64"),
      });
    } else {
      // not by the plain arguments: they would stand in the address
      await manager.api
        .getConfig(known.id)
        .update({ _query: { version: known.version }, _body: { Name: name, Labels: { [label]: text } } });
    }
  } catch (error) {
    if (isOutdated(error) || isTaken(error) || isMissing(error)) throw overtaken(name, error);
    throw error;
  }
  const written = await readRecord(manager, name);
  if (written?.text !== text) throw overtaken(name);
  return written;
}

function overtaken(name: string, cause?: unknown): BusyError {
  return new BusyError(
    `the swarm's record ${name}: somebody else wrote it in between; nothing was done, try again.`,
    cause === undefined ? {} : { cause },
  );
}
