import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { openBackend } from "../../ops/stack-state/backend";

/** The host name that both containers have. */
const sharedName = "debian";

/** A container, as far as locks are concerned: a host name, and process numbers of its own. Needs root on Linux. */
class Container {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(private readonly url: string) {
    // its first process, a shell, stays when the one that it is given is killed, and runs the next
    const script = `hostname ${sharedName}; while read -r name; do node --import tsx tests/support/hold-lock.ts "$name" & wait; done`;
    this.child = spawn("unshare", ["--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script], {
      env: { ...process.env, PULUMI_BACKEND_URL: this.url },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.lines = createInterface({ input: this.child.stdout ?? expect.fail("no output") })[Symbol.asyncIterator]();
  }

  /** Begins an update there, by the name of its lock. @returns the first thing that it says. */
  async begin(name: string): Promise<string> {
    this.child.stdin?.write(`${name}\n`);
    return this.next();
  }

  async next(): Promise<string> {
    const line = await this.lines.next();
    return line.done === true
      ? expect.fail("the container ended; it needs root, and `unshare` of util-linux")
      : line.value;
  }

  /** Kills what holds a lock there: the process that this machine knows by another number. */
  async kill(pidInside: number): Promise<void> {
    const killer = spawn(
      "nsenter",
      ["--target", String(await this.first()), "--pid", "--mount", "kill", "-KILL", String(pidInside)],
      { stdio: "inherit" },
    );
    const [code] = (await once(killer, "exit")) as [number];
    expect(code, "kill").to.equal(0);
  }

  /** The number by which this machine knows its first process. */
  private async first(): Promise<number> {
    const list = spawn("pgrep", ["--parent", String(this.child.pid ?? 0)]);
    let text = "";
    list.stdout.on("data", (data: Buffer) => {
      text += data.toString();
    });
    await once(list, "close");
    return Number(text.trim());
  }

  async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.stdin?.end();
    this.child.kill("SIGKILL");
    await ended;
  }
}

/**
 * Proves on a backend that two containers with one host name do not break each other's live locks, and that a dead
 * one's is broken in its own container. Leaves nothing but records that the next updates sweep.
 */
export async function proveOneName(url: string): Promise<void> {
  const [one, other] = [new Container(url), new Container(url)];
  const taken: string[] = [];
  const begin = async (container: Container, name: string): Promise<string> => {
    taken.push(name);
    return container.begin(name);
  };
  try {
    const [, pid = ""] =
      new RegExp(`^holds first as ${sharedName} (\\d+)$`).exec(await begin(one, "first")) ??
      expect.fail("the first update did not begin");
    expect(await begin(other, "second"), "while the first one lives").to.match(
      new RegExp(`^refused: stack shared: locked by \\S+@${sharedName}'s update of \\S+ \\(process ${pid}\\)`),
    );
    await one.kill(Number(pid));
    expect(await begin(other, "third"), "in a container that cannot know whether the first one lives").to.match(
      /^refused: stack shared: locked by /,
    );
    expect(await begin(one, "fourth"), "in its own container").to.match(
      new RegExp(`^The lock of \\S+'s update of \\S+ is broken: its process ${pid} on this machine is dead\\.$`),
    );
    expect(await one.next()).to.match(/^holds fourth as /);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
    const backend = openBackend(url);
    for (const name of taken) await backend?.remove(`.pulumi/locks/organization/swarm/shared/${name}.json`);
  }
}
