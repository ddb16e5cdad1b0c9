import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { basename, isAbsolute, resolve } from "node:path";
import { promisify } from "node:util";

/** A running program: its words, and its folder and file where they can be told. */
export interface RunningProgram {
  readonly parent: number;
  readonly words: readonly string[];
  readonly folder?: string;
  /** A path that runs the same file again. */
  readonly executable?: string;
}

/** Looks a process up; undefined where there is none. */
export type Lookup = (pid: number) => Promise<RunningProgram | undefined>;

/** The Pulumi that a program belongs to. */
export interface PulumiProcess {
  readonly pid: number;
  /** What runs the same Pulumi: `PATH` may have another version. */
  readonly executable: string;
  /** The words behind its name. */
  readonly words: readonly string[];
  readonly folder?: string;
}

/** Processes between a program and its Pulumi: the language host, and wrappers that a site may put between. */
const mostAncestors = 10;

/**
 * The Pulumi whose program this is: program ← language host ← Pulumi.
 *
 * @returns undefined where no process above is one, e.g. in a test.
 */
export async function findPulumi(
  pid: number,
  lookup: Lookup = lookupFor(process.platform),
): Promise<PulumiProcess | undefined> {
  for (let [next, left] = [pid, mostAncestors]; next > 1 && left > 0; left -= 1) {
    const program = await lookup(next);
    if (program === undefined) return undefined;
    // a script has its interpreter before it
    const index = program.words.slice(0, 2).findIndex((word) => basename(word) === "pulumi");
    if (index >= 0) {
      const { words, folder, executable = pulumiOnPath } = program;
      const script = resolve(folder ?? ".", words[1] ?? "");
      return {
        pid: next,
        words: words.slice(index + 1),
        executable: index === 0 ? executable : script,
        ...(folder === undefined ? {} : { folder }),
      };
    }
    next = program.parent;
  }
  return undefined;
}

/** Where none is found: the one on `PATH`. */
export const pulumiOnPath = "pulumi";

/** What runs the Pulumi whose program this is. */
export async function ownPulumi(): Promise<string> {
  return (await findPulumi(process.ppid))?.executable ?? pulumiOnPath;
}

function lookupFor(platform: NodeJS.Platform): Lookup {
  return platform === "linux" ? fromProc : fromPs;
}

/**
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name, in brackets, may hold anything; the parent is
 * the second field after it.
 */
const fromProc: Lookup = async (pid) => {
  try {
    const link = async (name: string): Promise<string | undefined> =>
      readlink(`/proc/${pid}/${name}`).catch(() => undefined);
    const [stat, words, folder, file] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      link("cwd"),
      link("exe"),
    ]);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    // https://man7.org/linux/man-pages/man5/proc_pid_exe.5.html: the link itself still runs a file that was removed,
    // e.g. by an upgrade
    const executable = file?.endsWith(" (deleted)") === true ? `/proc/${pid}/exe` : file;
    return {
      parent,
      words: words.split("\0").slice(0, -1),
      ...(folder === undefined ? {} : { folder }),
      ...(executable === undefined ? {} : { executable }),
    };
  } catch {
    return undefined;
  }
};

/** Seconds for `ps`, which answers at once. */
const psSeconds = 10;

/**
 * `ps` does not say where a word with spaces ends; no option that changes a plan has such a value, but for a file in a
 * folder with one.
 */
const fromPs: Lookup = async (pid) => {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "ppid=,args=", "-p", String(pid)], {
      timeout: psSeconds * 1000,
    });
    return parsePs(stdout);
  } catch {
    return undefined;
  }
};

/** Reads a line of `ps -o ppid=,args=`. */
export function parsePs(line: string): RunningProgram | undefined {
  const [parent, ...words] = line.trim().split(/\s+/);
  const [executable = ""] = words;
  return parent === undefined || !/^\d+$/.test(parent)
    ? undefined
    : { parent: Number(parent), words, ...(isAbsolute(executable) ? { executable } : {}) };
}
