import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { listNodes, type SwarmNodeState } from "../../../ops/swarm/nodes";
import { listRunningTasks } from "../../../ops/swarm/services";
import type { DockerNode } from "../../../ops/connection/docker";
import { withManagers } from "../../../ops/connection/managers";
import type { ClusterAccess, ClusterOutputs } from "../../../settings/outputs";
import { until } from "../../support/until";
import { asRoot, managerOf, onManager } from "./on-manager";
import { commandLineOf, descendants, processes } from "./processes";
import { logFolder, root, run } from "./run";
import type { LabStack } from "./stack";

/** Seconds between two looks: each costs an emulated manager some of its processor. */
const pollSeconds = 3;

/**
 * Polls until something holds and hands over after how many seconds it did. Errors count as "not yet".
 *
 * @param deadlineMinutes guards against hanging only.
 */
export async function secondsUntil(
  what: string,
  deadlineMinutes: number,
  probe: () => Promise<boolean>,
): Promise<number> {
  const begun = Date.now();
  await until(what, probe, { seconds: deadlineMinutes * 60, intervalSeconds: pollSeconds });
  return (Date.now() - begun) / 1000;
}

/**
 * The same of what some manager says, all looks by one connection: a handshake costs an emulated manager more than the
 * look does.
 */
export async function secondsUntilSwarm(
  access: ClusterAccess,
  what: string,
  deadlineMinutes: number,
  probe: (manager: DockerNode) => Promise<boolean>,
): Promise<number> {
  return withManagers(access, (managers) => secondsUntil(what, deadlineMinutes, () => managers.use(probe)));
}

/**
 * The same of the managers that hold an address of the cluster's network: one, but for the moment in which it moves.
 * Each is asked by one connection, whether its Docker runs or not.
 */
export async function secondsUntilHeld(
  access: ClusterAccess,
  address: string,
  what: string,
  deadlineMinutes: number,
  probe: (holders: readonly string[]) => boolean,
): Promise<number> {
  const all = access.managers.map(({ name }) => ({ name, manager: managerOf(access, name) }));
  try {
    return await secondsUntil(what, deadlineMinutes, async () => {
      const held = await Promise.all(
        all.map(async ({ name, manager }) =>
          (await manager.use((node) => asRoot(node, `ip -4 -o address show to ${address}/32`))) === "" ? [] : [name],
        ),
      );
      return probe(held.flat());
    });
  } finally {
    for (const { manager } of all) manager.close();
  }
}

/** The swarm without one of its managers: what is asked must be answered by the others. */
export function without(access: ClusterAccess, name: string): ClusterAccess {
  return { ...access, managers: access.managers.filter((manager) => manager.name !== name) };
}

/** A write to the swarm's raft log, undone at once; rejects when no leader takes it. */
export async function write(manager: DockerNode): Promise<void> {
  const name = `probe-${Date.now()}`;
  await manager.ssh.run(["docker", "config", "create", name, "-"], { stdin: "probe", timeoutSeconds: 60 });
  await manager.ssh.run(["docker", "config", "rm", name], { timeoutSeconds: 60 });
}

/** Name of the manager that leads the swarm, as one of them says; undefined while none does. */
export async function leaderBy(manager: DockerNode): Promise<string | undefined> {
  const found = (await listNodes(manager)).find(({ ManagerStatus }) => ManagerStatus?.Leader === true);
  return found === undefined ? undefined : nameOf(found);
}

/** Name of the manager that leads the swarm; waits while none does. */
export async function leaderOf(access: ClusterAccess): Promise<string> {
  let leader: string | undefined;
  await secondsUntilSwarm(access, "a leader", 10, async (manager) => {
    leader = await leaderBy(manager);
    return leader !== undefined;
  });
  return leader ?? "";
}

/** Names of the nodes that are not Ready. */
export async function notReady(manager: DockerNode): Promise<string[]> {
  return (await listNodes(manager))
    .filter(({ Status }) => Status.State !== "ready")
    .map(nameOf)
    .sort();
}

export function nameOf({ Description }: SwarmNodeState): string {
  return Description?.Hostname ?? "";
}

/**
 * Nodes on which tasks of a service are meant to run and do run; a node that died counts until the swarm has seen it.
 */
export async function runningOn(manager: DockerNode, service: string): Promise<string[]> {
  const tasks = await listRunningTasks(manager, service);
  const names = new Map((await listNodes(manager)).map((node) => [node.ID, nameOf(node)]));
  return tasks
    .filter(({ Status }) => Status.State === "running")
    .map(({ NodeID = "" }) => names.get(NodeID) ?? NodeID)
    .sort();
}

/**
 * Lets a manager hold the ingress address: keepalived of the others starts anew, and counts as unwell until it has
 * found Traefik well for half a minute.
 */
export async function giveAddressTo(access: ClusterAccess, name: string, address: string): Promise<void> {
  for (const { name: other } of access.managers) {
    if (other !== name) await onManager(access, "systemctl restart keepalived", { name: other });
  }
  await secondsUntilHeld(
    access,
    address,
    `the ingress address to be with ${name}`,
    5,
    (holders) => holders.join() === name,
  );
}

/**
 * Stops Docker as one that is forced down stops: a VXLAN device of each overlay network stays in the host's namespace.
 */
export const stopDockerForced = [
  "ids=$(docker network inspect --format '{{index .Options \"com.docker.network.driver.overlay.vxlanid_list\"}}' $(docker network ls --quiet --filter driver=overlay))",
  "systemctl stop docker.socket docker.service",
  // where Docker has left one itself there is no room for another
  "for id in $ids; do ip link add vx-lost-$id type vxlan id $id dstport 4789 || true; done",
].join("\n");

/**
 * Stops a daemon of the lab, by SIGSTOP, for so many seconds from now on while something is done: it answers late, but
 * it does.
 */
export async function whileStalled(daemon: string, seconds: number, action: () => Promise<void>): Promise<void> {
  // some daemons write a title of their own over their command line
  const named = new RegExp(`(^|/)${daemon}(\\s|$)`);
  const pids = processes().filter((pid) => named.test(commandLineOf(pid)));
  if (pids.length === 0) throw new Error(`${daemon}: no such process`);
  const signal = (name: "SIGSTOP" | "SIGCONT"): void => {
    for (const pid of pids) process.kill(pid, name);
  };
  signal("SIGSTOP");
  const timer = setTimeout(() => {
    signal("SIGCONT");
  }, seconds * 1000);
  try {
    await action();
  } finally {
    clearTimeout(timer);
    signal("SIGCONT");
  }
}

/** Makes every address of the cluster unreachable from this machine while something is done. */
export async function whileUnreachable(outputs: ClusterOutputs, action: () => Promise<void>): Promise<void> {
  const addresses = [...outputs.access.managers.map(({ host }) => host), outputs.ingressAddress ?? ""].filter(
    (address) => address !== "",
  );
  const route = async (verb: "add" | "del", address: string): Promise<unknown> =>
    run(["ip", "route", verb, "unreachable", `${address}/32`], { deadlineMinutes: 1 });
  for (const address of addresses) await route("add", address);
  try {
    await action();
  } finally {
    for (const address of addresses) await route("del", address);
  }
}

/**
 * Starts an update or a destruction and kills it with SIGKILL as soon as its output shows something. Its program ends
 * with it.
 *
 * @throws Error when it ends before that.
 */
export async function killPulumi(stack: LabStack, verb: "up" | "destroy", sign: RegExp): Promise<void> {
  const log = join(logFolder, `killed-${verb}-${Date.now()}.log`);
  const child = spawn("lab/pulumi", [verb, "--yes", "--skip-preview"], {
    cwd: root,
    env: { ...process.env, ...stack.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const seen = new Promise<void>((resolve, reject) => {
    const read = (data: Buffer): void => {
      output += data.toString();
      appendFileSync(log, data);
      if (sign.test(output)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("close", (code) => {
      reject(
        new Error(
          `pulumi ${verb} ended with ${code ?? "a signal"} before it showed ${String(sign)}; its output is in ${log}`,
        ),
      );
    });
  });
  await seen;
  const family = new Map([child.pid ?? 0, ...descendants(child.pid ?? 0)].map((pid) => [pid, commandLineOf(pid)]));
  // lab/pulumi becomes Pulumi by exec; were it a child, the child is meant
  const [pulumi] =
    [...family].find(([, command]) => command.startsWith("pulumi ")) ??
    expect.fail(`no Pulumi among ${[...family.values()].join("; ")}`);
  const ended = once(child, "close");
  process.kill(pulumi, "SIGKILL");
  // its plugins hold the pipe
  child.stdout.destroy();
  child.stderr.destroy();
  await ended;
  // The program has to notice by itself. The plugins look every five minutes, and a command that one of them runs goes
  // on as long; the next run ends them (ops/stack-state/locks.ts).
  const [program, command] = [...family].find(([, words]) => words.includes("program.cjs")) ?? [];
  // a destruction needs none
  if (program === undefined && verb === "up") throw new Error(`no program among ${[...family.values()].join("; ")}`);
  if (program !== undefined)
    await until("the program of a killed Pulumi to end", () => commandLineOf(program) !== command, { seconds: 180 });
}
