import { execFile, spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a program printed, and how it ended. */
export interface Ended {
  readonly status: number;
  readonly output: string;
}

/** Runs a program to its end. */
export async function runTool(
  program: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(program, [...args], { ...options, timeout: 300_000 });
    return { status: 0, output: stdout + stderr };
  } catch (error) {
    const failed = error as NodeJS.ErrnoException & { stdout?: string; stderr?: string };
    if (failed.code === "ENOENT")
      throw new Error(
        `${program}: not on this machine; \`make test\` installs it, as does \`lab/install-packages prometheus\`.`,
      );
    return { status: 1, output: `${failed.stdout ?? ""}${failed.stderr ?? ""}${failed.message}` };
  }
}

/**
 * Path of a program of tests/monitoring/tools, of the version that is deployed: built from the module proxy and kept in
 * Go's cache, which is in the person's own home folder (environment.ts sets another).
 */
export async function goTool(name: string): Promise<string> {
  const cwd = join(__dirname, "..", "monitoring", "tools");
  const env = { ...process.env, HOME: userInfo().homedir, GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" };
  return (await run("go", ["tool", "-n", name], { cwd, timeout: 1_200_000, env })).stdout.trim();
}

/** A port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A program that runs in the background; its output is kept for when something goes wrong. */
export class Background {
  output = "";
  private readonly child: ChildProcess;

  constructor(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(program, [...args], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (data: Buffer) => {
        this.output += data.toString();
      });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => {
      this.child.once("exit", resolve);
    });
    this.child.kill("SIGTERM");
    await ended;
  }
}
