import { text } from "node:stream/consumers";
import { admitNode } from "./verbs/admit-node";
import { configureSwarm } from "./verbs/configure-swarm";
import { clusterNameIn, confirmDestroy, requireStack } from "./verbs/confirm-destroy";
import { makeContext } from "./verbs/docker-context";
import { BusyError, LockedError, messageOf, OperationError } from "./errors";
import { holdIngress } from "./verbs/hold-ingress";
import { initSwarm } from "./verbs/init-swarm";
import { lastOutput, readAccess, readJson, readText } from "./verbs/verb-input";
import { judgement, previewTable } from "./update/preview";
import { imageTag } from "./update/program";
import { removeNode } from "./verbs/remove-node";
import { runMain } from "./run-main";
import { makeWay } from "./stack-state/locks";
import { leaveReport } from "../settings/report";
import {
  ingressSpec,
  initSpec,
  nodeResult,
  nodeSpec,
  repairVariable,
  stackSpec,
  swarmSpec,
  type NodeResult,
} from "../settings/specs";
import { deployStack, removeStack } from "./swarm/deploy-stack";

/**
 * The verbs that the program and its Makefile call; people use Pulumi and swarmctl. Input as in input.ts, data on
 * standard output.
 */
const verbs: Readonly<Record<string, () => Promise<string | undefined>>> = {
  init: async () =>
    JSON.stringify(await initSwarm(readAccess(process.env), readJson(process.env, "SWARM_SPEC", initSpec))),
  configure: async () => {
    await configureSwarm(readAccess(process.env), readJson(process.env, "SWARM_SPEC", swarmSpec));
    return undefined;
  },
  "admit-node": async () => {
    const spec = readJson(process.env, "SWARM_SPEC", nodeSpec);
    const last = lastOutput(process.env, nodeResult);
    const repair = process.env[repairVariable];
    // what Pulumi makes for the first time has no repair of its own, though the resource may have had one before
    await admitNode(
      readAccess(process.env),
      spec,
      last?.labels,
      last !== undefined && repair !== undefined && repair !== last.repair,
    );
    return JSON.stringify({
      labels: Object.keys(spec.labels),
      ...(repair === undefined ? {} : { repair }),
    } satisfies NodeResult);
  },
  "remove-node": async () => {
    await removeNode(readAccess(process.env), readJson(process.env, "SWARM_SPEC", nodeSpec));
    return undefined;
  },
  "hold-ingress": async () => {
    await holdIngress(readAccess(process.env), readJson(process.env, "SWARM_SPEC", ingressSpec));
    return undefined;
  },
  "deploy-stack": async () => {
    await deployStack(
      readAccess(process.env),
      readJson(process.env, "SWARM_SPEC", stackSpec),
      await text(process.stdin),
      process.env,
    );
    return undefined;
  },
  "remove-stack": async () => {
    await removeStack(readAccess(process.env), readJson(process.env, "SWARM_SPEC", stackSpec));
    return undefined;
  },
  unlock: async () => {
    await makeWay(
      readText(process.env, "SWARM_STACK"),
      Number(readText(process.env, "SWARM_HOLDER_PID")),
      process.env["PULUMI_BACKEND_URL"],
      (line) => {
        process.stderr.write(`${line}\n`);
      },
    );
    return undefined;
  },
  "confirm-destroy": async () => {
    const stack = process.env["SWARM_STACK"] ?? "";
    requireStack(stack);
    const cluster = clusterNameIn(process.cwd(), stack, stack === "lab" ? process.env["SWARM_LAB_CONFIG"] : undefined);
    await confirmDestroy({
      stack,
      cluster,
      isAnswered: process.env["SWARM_YES"] === "1",
      input: process.stdin,
      output: process.stderr,
    });
    return undefined;
  },
  "image-tag": async () => Promise.resolve(imageTag(process.cwd())),
  "preview-table": async () => previewTable(JSON.parse(await text(process.stdin)), new Date()),
  "judge-plan": async () => judgement(JSON.parse(await text(process.stdin)), new Date()),
  context: async () => makeContext(JSON.parse(await text(process.stdin))),
};

async function main(): Promise<number> {
  const name = process.argv[2] ?? "";
  const verb = verbs[name];
  if (verb === undefined || process.argv.length > 3) {
    process.stderr.write(
      `ops: ${JSON.stringify(name)} is no verb; use one of ${Object.keys(verbs).join(", ")}, without arguments.\n`,
    );
    return 2;
  }
  try {
    const output = await verb();
    if (output !== undefined) process.stdout.write(`${output}\n`);
    return 0;
  } catch (error) {
    if (error instanceof LockedError) leaveReport(process.env, { kind: "locked", holder: error.holder });
    process.stderr.write(
      `${error instanceof OperationError ? messageOf(error) : `${error instanceof Error ? error.stack : String(error)}\nThis is a bug.`}\n`,
    );
    return error instanceof BusyError ? 75 : 1;
  }
}

runMain(`ops: ${process.argv[2] ?? ""}`, main);
