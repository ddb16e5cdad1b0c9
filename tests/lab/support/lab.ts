import { existsSync } from "node:fs";
import { z } from "zod";
import { messageOf } from "../../../ops/errors";
import { OpenStack } from "../../../ops/openstack/client";
import type { ClusterOutputs } from "../../../settings/outputs";
import { onManager } from "./on-manager";
import { run, type RunResult } from "./run";
import type { LabStack } from "./stack";

/** The machine's address in the network that servers reach the world by. */
export const machineAddress = "172.24.4.1";

export async function lab(...verb: string[]): Promise<RunResult> {
  return run(["lab/lab", ...verb], { deadlineMinutes: 60 });
}

/** While the lab is down its addresses are somebody else's and must not be asked. */
function labIsUp(): boolean {
  return existsSync("/sys/class/net/lab-mgmt");
}

export async function cloud(): Promise<OpenStack> {
  if (!labIsUp()) throw new Error("the lab is down");
  const file = (await lab("clouds")).stdout.trim();
  return OpenStack.open({ OS_CLIENT_CONFIG_FILE: file, OS_CLOUD: "lab" });
}

const server = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  "OS-EXT-AZ:availability_zone": z.string(),
  created: z.string(),
  "OS-SRV-USG:launched_at": z.string().nullable(),
  fault: z.object({ message: z.string() }).optional(),
});

/** A server; its times are in milliseconds since 1970, by the cloud's clock, which is this machine's. */
export interface Server {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly zone: string;
  /** When the API took the request, in whole seconds. */
  readonly createdAt: number;
  /** When it became ACTIVE. */
  readonly activeAt: number | undefined;
  /** Why it is in ERROR. */
  readonly fault: string | undefined;
}

export async function servers(): Promise<Server[]> {
  const { servers: all } = await (
    await cloud()
  ).request("compute", "/servers/detail", z.object({ servers: z.array(server) }));
  return all.map((one) => ({
    id: one.id,
    name: one.name,
    status: one.status,
    zone: one["OS-EXT-AZ:availability_zone"],
    createdAt: Date.parse(one.created),
    // Nova leaves the zone away: it is UTC
    activeAt: one["OS-SRV-USG:launched_at"] === null ? undefined : Date.parse(`${one["OS-SRV-USG:launched_at"]}Z`),
    fault: one.fault?.message,
  }));
}

/** What the project holds of every kind that the program makes, by kind, as names or ids. */
export async function holdings(): Promise<Record<string, string[]>> {
  const session = await cloud();
  const kinds = {
    networks: "name",
    subnets: "name",
    routers: "name",
    ports: "name",
    floatingips: "floating_ip_address",
    "security-groups": "name",
  };
  const held: Record<string, string[]> = { servers: (await servers()).map(({ name }) => name) };
  for (const [kind, label] of Object.entries(kinds)) {
    const body = await session.request(
      "network",
      `/v2.0/${kind}?project_id=${session.projectId}`,
      z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
    );
    held[kind] = Object.values(body)
      .flat()
      .map((one) => String(one[label]))
      .filter((name) => kind !== "security-groups" || name !== "default");
  }
  const groups = await session.request(
    "compute",
    "/os-server-groups",
    z.object({ server_groups: z.array(z.object({ name: z.string() })) }),
  );
  held["server groups"] = groups.server_groups.map(({ name }) => name);
  return held;
}

/** What one needs to mend a failed step: the nodes, the lab, each server's console. */
export async function printEvidence(stack: LabStack): Promise<void> {
  if (!labIsUp()) return;
  const parts: (readonly [string, () => Promise<string>])[] = [
    ["lab status", async () => (await run(["lab/lab", "status"], { deadlineMinutes: 2 })).output],
    [
      "swarm nodes",
      async () =>
        (await stack.nodes())
          .map(({ Description, Spec, Status, ManagerStatus }) =>
            [
              Description?.Hostname,
              Spec.Role,
              Spec.Availability,
              Status.State,
              ManagerStatus?.Reachability,
              JSON.stringify(Spec.Labels),
            ].join(" "),
          )
          .join("\n"),
    ],
    ["what the managers say", async () => onEach(await stack.outputs())],
    ["what the project holds", async () => JSON.stringify(await holdings())],
    [
      "why nova failed",
      async () =>
        (await lab("logs", "nova-compute")).stdout
          .split("\n")
          .filter((line) => / ERROR /.test(line))
          .join("\n"),
    ],
    ...(await servers().catch(() => [])).map(
      ({ name }) =>
        [
          `console of ${name}`,
          async () => (await run(["lab/lab", "console", name, "--tail", "25"], { deadlineMinutes: 2 })).stdout,
        ] as const,
    ),
  ];
  for (const [title, part] of parts) {
    const text = await part().catch(
      (error: unknown) => `(not to be had: ${error instanceof Error ? error.message.slice(0, 500) : String(error)})`,
    );
    process.stdout.write(`\n=== ${title}\n${text}\n`);
  }
}

/**
 * Services, their tasks, the end of Docker's journal, and how each container is and what it said last, as each manager
 * has them.
 */
async function onEach({ access }: ClusterOutputs): Promise<string> {
  const state =
    "{{.Name}} {{.State.Status}}{{with .State.Health}}, {{.Status}}: {{range .Log}}{{.ExitCode}} {{end}}{{end}}";
  const script = `docker service ls; docker ps --all; docker stack ls --format '{{.Name}}' | xargs -rn1 docker stack ps --no-trunc
journalctl --unit docker --no-pager --lines 60
for id in $(docker ps --quiet --last 20); do docker inspect --format '${state}' $id; docker logs --timestamps --tail 12 $id 2>&1; done`;
  const parts = await Promise.all(
    access.managers.map(
      async ({ name }) => `--- ${name}\n${await onManager(access, script, { name }).catch(messageOf)}`,
    ),
  );
  return parts.join("\n");
}
