import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

// S3's client takes a moment to load, and few need it

/** What a Pulumi backend without a service keeps: texts by key, a path with slashes such as ".pulumi/locks/…". */
export interface Backend {
  /** Keys that begin with a prefix that ends with a slash. A bucket's list may lag behind what it keeps. */
  list(prefix: string): Promise<readonly string[]>;
  /** Undefined where there is none, or none any more. */
  read(key: string): Promise<string | undefined>;
  /** Another one after each change of the text; undefined as for `read`. */
  version(key: string): Promise<string | undefined>;
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
  if (url?.startsWith("file://") === true)
    return new FolderBackend(url === "file://~" ? homedir() : fileURLToPath(url));
  if (url?.startsWith("s3://") !== true) return undefined;
  // which Node will do is said in package.json, and not by each library in the output of each verb
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  return (require("./backend-s3") as typeof import("./backend-s3")).openBucket(url);
}

class FolderBackend implements Backend {
  constructor(private readonly root: string) {}

  async list(prefix: string): Promise<readonly string[]> {
    const entries = await readdir(join(this.root, prefix), { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(this.root, join(parentPath, name)));
  }

  async read(key: string): Promise<string | undefined> {
    return unlessMissing(readFile(join(this.root, key), "utf8"));
  }

  async version(key: string): Promise<string | undefined> {
    return unlessMissing(stat(join(this.root, key)).then(({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`));
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

async function unlessMissing(file: Promise<string>): Promise<string | undefined> {
  return file.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
}
