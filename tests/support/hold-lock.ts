import { hostname, userInfo } from "node:os";
import { openBackend } from "../../ops/stack-state/backend";
import { makeWay } from "../../ops/stack-state/locks";

// Stands for an update: clears the way, notes itself as the holder, and takes a lock of the stack `shared` as Pulumi
// does. Lives until it is killed. PULUMI_BACKEND_URL, and the lock's name as its argument.
async function main(name: string): Promise<void> {
  const url = process.env["PULUMI_BACKEND_URL"] ?? "";
  await makeWay("shared", process.pid, url, (line) => {
    process.stdout.write(`${line}\n`);
  });
  const lock = JSON.stringify({
    pid: process.pid,
    username: userInfo().username,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
  });
  await openBackend(url)?.write(`.pulumi/locks/organization/swarm/shared/${name}.json`, lock);
  process.stdout.write(`holds ${name} as ${hostname()} ${process.pid}\n`);
  setInterval(() => undefined, 1000);
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  process.stdout.write(`refused: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(75);
});
