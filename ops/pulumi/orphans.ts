import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startOf } from "./processes";

/** Seconds that a plugin gets to be gone after it was ended. */
const orphanSeconds = 10;

/** Ends what killed updates left running: a plugin without its engine may still be making things on the cloud. */
export async function endOrphans(say: (line: string) => void): Promise<void> {
  for (const { pid, name, engine } of await plugins()) {
    if (await answers(engine)) continue;
    say(`${name} (process ${pid}) has lost its engine at ${engine}; ending it.`);
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // it may end by itself in this moment
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    for (let waited = 0; waited < orphanSeconds && (await startOf(pid)) !== "none"; waited += 0.2) await sleep(200);
  }
}

interface Plugin {
  readonly pid: number;
  readonly name: string;
  readonly engine: string;
}

/** Pulumi's plugins and language hosts of this user; each is given its engine's address as its last argument. */
async function plugins(): Promise<Plugin[]> {
  const found = await Promise.all(
    (await readdir("/proc").catch(() => []))
      .filter((entry) => /^\d+$/.test(entry))
      .map(async (entry): Promise<Plugin[]> => {
        const words = (await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => ""))
          .split("\0")
          .filter((word) => word !== "");
        const name = basename(words[0] ?? "");
        const engine = words.at(-1) ?? "";
        const owner = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${entry}/status`, "utf8").catch(() => ""))?.[1];
        const isPlugin =
          /^pulumi-(resource|language)-/.test(name) &&
          /^127\.0\.0\.1:\d+$/.test(engine) &&
          Number(owner) === process.getuid?.();
        return isPlugin ? [{ pid: Number(entry), name, engine }] : [];
      }),
  );
  return found.flat();
}

/** Whether somebody listens at a loopback address. */
async function answers(address: string): Promise<boolean> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
