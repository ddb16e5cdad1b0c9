import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

// S3's client takes a moment to load, and few need it
const load = createRequire(__filename);

/** Something that a backend keeps, without its text. */
export interface Entry {
  readonly key: string;
  /** Another one after each change. */
  readonly version: string;
}

/** What a Pulumi backend without a service keeps: texts by key, a path with slashes such as ".pulumi/locks/…". */
export interface Backend {
  /** What begins with a prefix that ends with a slash. */
  list(prefix: string): Promise<readonly Entry[]>;
  /** Undefined where there is none, or none any more. */
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
  /** What is gone already counts as removed. */
  remove(key: string): Promise<void>;
}

/**
 * Opens the backend that Pulumi uses.
 *
 * @param url `PULUMI_BACKEND_URL`: `file://…` or `s3://…`, as Pulumi takes them.
 * @returns undefined for any other: Pulumi Cloud, for one, keeps its locks itself.
 * @throws OperationError for a URL with a part that is not known.
 */
export function openBackend(url: string | undefined): Backend | undefined {
  if (url?.startsWith("file://") === true) return new FolderBackend(url === "file://~" ? homedir() : fileURLToPath(url));
  if (url?.startsWith("s3://") !== true) return undefined;
  // which Node will do is said in package.json, and not by each library in the output of each verb
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  return (load("./backend-s3") as typeof import("./backend-s3")).openBucket(url);
}

class FolderBackend implements Backend {
  constructor(private readonly root: string) {}

  async list(prefix: string): Promise<readonly Entry[]> {
    const files = (await readdir(join(this.root, prefix), { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) => entry.isFile());
    return (await Promise.all(files.map(async ({ parentPath, name }): Promise<Entry[]> => {
      const path = join(parentPath, name);
      // one that is taken away in this moment is not there
      const file = await stat(path).catch(() => undefined);
      return file === undefined ? [] : [{ key: relative(this.root, path), version: `${file.ino} ${file.size} ${file.mtimeMs}` }];
    }))).flat();
  }

  async read(key: string): Promise<string | undefined> {
    return readFile(join(this.root, key), "utf8").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    });
  }

  async write(key: string, text: string): Promise<void> {
    const path = join(this.root, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  async remove(key: string): Promise<void> {
    // beside a file, Pulumi's library keeps a second one with its type
    for (const path of [key, `${key}.attrs`]) await rm(join(this.root, path), { force: true });
  }
}
