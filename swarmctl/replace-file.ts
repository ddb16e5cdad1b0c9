import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { BusyError } from "../ops/errors";
import type { Cluster } from "./project";

/**
 * Writes a cluster's configuration as a whole or not at all; no reader ever sees half of it.
 *
 * @throws BusyError when the file is not as it was read.
 */
export function replaceConfig({ path, file, text: read }: Cluster, text: string): void {
  if (readFileSync(path, "utf8") !== read)
    throw new BusyError(`${file}: somebody else changed it just now; nothing was written, run the command again.`);
  const next = `${path}.new`;
  const handle = openSync(next, "w");
  try {
    fchmodSync(handle, statSync(path).mode);
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(next, path);
}
