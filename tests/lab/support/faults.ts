import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listNodes, type SwarmNodeState } from "../../../ops/nodes";
import { withManager, type DockerNode } from "../../../ops/docker";
import { Pending, waitFor } from "../../../ops/wait";
import type { ClusterAccess, ClusterOutputs } from "../../../settings/outputs";
import { onManager } from "./on-manager";
import { logFolder, root, run } from "./run";
import type { LabStack } from "./stack";

/**
 * Polls until something holds and hands over after how many seconds it did. Errors count as "not yet".
 *
 * @param deadlineMinutes guards against hanging only.
 */
export async function secondsUntil(what: string, deadlineMinutes: number, probe: () => Promise<boolean>): Promise<number> {
  const begun = Date.now();
  await waitFor({ what, deadlineSeconds: deadlineMinutes * 60, intervalSeconds: 1 }, async () => await probe() ? true : new Pending("not yet"));
  return (Date.now() - begun) / 1000;
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

/** Name of the manager that leads the swarm; waits while none does. */
export async function leaderOf(access: ClusterAccess): Promise<string> {
  let leader: string | undefined;
  await secondsUntil("a leader", 10, async () => {
    const found = (await withManager(access, listNodes)).find(({ ManagerStatus }) => ManagerStatus?.Leader === true);
    leader = found === undefined ? undefined : nameOf(found);
    return leader !== undefined;
  });
  return leader ?? "";
}

/** Names of the nodes that are not Ready. */
export async function notReady(access: ClusterAccess): Promise<string[]> {
  return (await withManager(access, listNodes)).filter(({ Status }) => Status.State !== "ready").map(nameOf).sort();
}

export function nameOf({ Description }: SwarmNodeState): string {
  return Description?.Hostname ?? "";
}

/** Nodes on which tasks of a service are meant to run and do run; a node that died counts until the swarm has seen it. */
export async function runningOn(access: ClusterAccess, service: string): Promise<string[]> {
  return withManager(access, async (manager) => {
    const words = ["docker", "service", "ps", service, "--filter", "desired-state=running", "--format", "{{.Node}} {{.CurrentState}}"];
    const tasks = (await manager.ssh.run(words, { timeoutSeconds: 60 })).trim().split("\n").map((line) => line.split(" "));
    return tasks.filter(([, state]) => state === "Running").map(([node = ""]) => node).sort();
  });
}

/** The managers that hold an address of the cluster's network: one, but for the moment in which it moves. */
export async function holdersOf(access: ClusterAccess, address: string): Promise<string[]> {
  const held = await Promise.all(access.managers.map(async ({ name }) =>
    (await onManager(access, `ip -4 -o address show to ${address}/32`, { name })).trim() === "" ? [] : [name]));
  return held.flat();
}

/**
 * Lets a manager hold the ingress address: keepalived of the others starts anew, and counts as unwell until it has found
 * Traefik well for half a minute.
 */
export async function giveAddressTo(access: ClusterAccess, name: string, address: string): Promise<void> {
  for (const { name: other } of access.managers) {
    if (other !== name) await onManager(access, "systemctl restart keepalived", { name: other });
  }
  await secondsUntil(`the ingress address to be with ${name}`, 5, async () => (await holdersOf(access, address)).join() === name);
}

/** Stops Docker as one that is forced down stops: a VXLAN device of each overlay network stays in the host's namespace. */
export const stopDockerForced = [
  "ids=$(docker network inspect --format '{{index .Options \"com.docker.network.driver.overlay.vxlanid_list\"}}' $(docker network ls --quiet --filter driver=overlay))",
  "systemctl stop docker.socket docker.service",
  // where Docker has left one itself there is no room for another
  "for id in $ids; do ip link add vx-lost-$id type vxlan id $id dstport 4789 || true; done",
].join("\n");

/** Stops a daemon of the lab, by SIGSTOP, for so many seconds from now on while something is done: it answers late, but it does. */
export async function whileStalled(daemon: string, seconds: number, action: () => Promise<void>): Promise<void> {
  // some daemons write a title of their own over their command line
  const named = new RegExp(`/${daemon}[\\s\\0]`);
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && named.test(commandLine(entry))).map(Number);
  if (pids.length === 0) throw new Error(`${daemon}: no such process`);
  const signal = (name: "SIGSTOP" | "SIGCONT"): void => { for (const pid of pids) process.kill(pid, name); };
  signal("SIGSTOP");
  const timer = setTimeout(() => { signal("SIGCONT"); }, seconds * 1000);
  try {
    await action();
  } finally {
    clearTimeout(timer);
    signal("SIGCONT");
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it has ended since
  }
}

/** Makes every address of the cluster unreachable from this machine while something is done. */
export async function whileUnreachable(outputs: ClusterOutputs, action: () => Promise<void>): Promise<void> {
  const addresses = [...outputs.access.managers.map(({ host }) => host), outputs.ingressAddress ?? ""].filter((address) => address !== "");
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
 * Starts an update or a destruction and kills it with SIGKILL as soon as its output shows something.
 *
 * @throws Error when it ends before that.
 */
export async function killPulumi(stack: LabStack, verb: "up" | "destroy", sign: RegExp): Promise<void> {
  const log = join(logFolder, `killed-${verb}-${Date.now()}.log`);
  const child = spawn("lab/pulumi", [verb, "--yes", "--skip-preview"], { cwd: root, env: { ...process.env, ...stack.environment }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const seen = new Promise<void>((resolve, reject) => {
    const read = (data: Buffer): void => {
      output += data.toString();
      appendFileSync(log, data);
      if (sign.test(output)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("close", (code) => { reject(new Error(`pulumi ${verb} ended with ${code ?? "a signal"} before it showed ${String(sign)}; its output is in ${log}`)); });
  });
  await seen;
  const ended = once(child, "close");
  process.kill(pulumiOf(child.pid ?? 0), "SIGKILL");
  // its plugins hold the pipe
  child.stdout.destroy();
  child.stderr.destroy();
  await ended;
}

/** lab/pulumi becomes Pulumi by exec; were it a child, the child is meant. */
function pulumiOf(pid: number): number {
  const command = (one: number): string => readFileSync(`/proc/${one}/comm`, "utf8").trim();
  if (command(pid) === "pulumi") return pid;
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter((word) => word !== "").map(Number));
  const found = children.find((one) => command(one) === "pulumi");
  if (found === undefined) throw new Error(`process ${pid} is not Pulumi and has no child that is`);
  return found;
}
