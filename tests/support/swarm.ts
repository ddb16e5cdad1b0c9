import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Server as TcpServer } from "node:net";
import type { Duplex } from "node:stream";
import { Server, type Connection } from "ssh2";
import { deriveSshKeyPair } from "../../cloudinit/ssh-keys";
import { testedApi } from "../../ops/connection/api-version";
import type { SwarmNodeState } from "../../ops/swarm/nodes";
import { placedGroups } from "../../components/plan";
import { madeWith } from "../../settings/made-with";
import { outputsVersion, type ClusterOutputs } from "../../settings/outputs";
import { goodSettings } from "./settings";

/** A node as the swarm has it: ready, active, and a reachable manager where that is its role. */
export function swarmNode(
  name: string,
  changes: Partial<SwarmNodeState> & { availability?: SwarmNodeState["Spec"]["Availability"] } = {},
): SwarmNodeState {
  const { availability = "active", ...rest } = changes;
  const manager = name.includes("-manager-");
  return {
    ID: `id-${name}`,
    Version: { Index: 1 },
    Spec: { Role: manager ? "manager" : "worker", Availability: availability },
    Description: { Hostname: name },
    Status: { State: "ready" },
    ...(manager ? { ManagerStatus: { Leader: name.endsWith("az1-0"), Reachability: "reachable" } } : {}),
    ...rest,
  };
}

// ssh2's own generator now and then makes a private key that ssh2 refuses
const keys = deriveSshKeyPair(randomBytes(32).toString("hex"), "test");

/** Outputs of a stack whose cluster has three managers and the given workers, all in zones az1 to az3. */
export function outputsOf(
  clusterName: string,
  workerSets: Record<string, number[]>,
  changes: Partial<ClusterOutputs> = {},
): ClusterOutputs {
  const zones = ["az1", "az2", "az3"];
  const managers = zones.map((zone, index) => ({
    name: `${clusterName}-manager-${zone}-0`,
    role: "manager" as const,
    zone,
    group: "managers",
    ordinal: 0,
    address: `10.20.0.${10 + index}`,
    stale: false,
  }));
  const workers = Object.entries(workerSets).flatMap(([group, ordinals]) =>
    ordinals.map((ordinal) => ({
      name: `${clusterName}-worker-${group}-${ordinal}`,
      role: "worker" as const,
      zone: group,
      group,
      ordinal,
      address: `10.20.0.${20 + 10 * zones.indexOf(group) + ordinal}`,
      stale: false,
    })),
  );
  return {
    version: outputsVersion,
    clusterName,
    clusterId: "cluster-id",
    madeWith: madeWith(goodSettings({ clusterName })),
    program: "0".repeat(64),
    workerGroups: placedGroups(goodSettings({ clusterName })),
    deadlines: goodSettings().deadlines,
    workerSets,
    nodes: [...managers, ...workers],
    staleNodes: 0,
    ingressAddress: "192.0.2.100",
    access: {
      user: "swarm",
      privateKey: keys.privateKey,
      managers: managers.map(({ name }, index) => ({ name, host: `192.0.2.${index + 1}`, hostKey: keys.publicKey })),
    },
    joinTokens: { manager: "SWMTKN-1-manager", worker: "SWMTKN-1-worker" },
    ...changes,
  };
}

/** A manager on this machine: SSH with the pinned key, and the part of Docker's API that is used, over its socket. */
export class FakeManager {
  /** Whether its Docker socket lets anybody in. */
  dockerRuns = true;
  /** What was changed, in order: "command: <line>" by SSH, "<method> <path> <body>" by Docker's API. */
  readonly changes: string[] = [];
  /** Numbers of tasks that the next questions for a node's tasks find running; 0 when there are no more. */
  runningTasks: number[] = [];
  /** Tasks that are meant to run, or of a stack, and services, as the API gives them. */
  tasks: readonly unknown[] = [];
  services: readonly unknown[] = [];
  /** Digests that the registry has, by image reference; the references that it was asked for. */
  readonly digests = new Map<string, string>();
  readonly digestsAsked: string[] = [];
  /** Overlay networks, as the API gives them. */
  networks: readonly unknown[] = [];
  /** The swarm's specification. */
  swarm: Readonly<Record<string, unknown>> = {};
  /** What a command by SSH prints. */
  commandOutput: (command: string) => string = () => "";
  /** Status and message with which a change by Docker's API is refused; undefined where it is made. */
  refuse: (
    method: string,
    path: string,
    body: string,
  ) => { readonly status: number; readonly message: string } | undefined = () => undefined;
  /** Connections on to workers that it refuses, as to machines that boot; the others end at its own SSH server. */
  refusals = 0;
  /** Whether it leaves connections on to workers without an answer, as to machines that hang. */
  forwardsHang = false;
  /** Connections on to workers: those that are asked for or open now, and the most that there were at a time. */
  forwards = { now: 0, most: 0 };
  /** Number of SSH connections that were made to it, those by itself among them. */
  connections = 0;
  /** How often it was asked for the nodes. */
  nodesAsked = 0;
  /** Told when the services have been asked for. */
  servicesAsked: (() => void) | undefined;
  /** Configs by name: what stands in their label, and their version. */
  readonly configs = new Map<string, { readonly version: number; readonly labels: Record<string, string> }>();
  private readonly docker = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://docker");
    const path = url.pathname.replace(/^\/v1\.\d+/, "");
    const id = /^\/nodes\/([^/]+)/.exec(path)?.[1];
    const node = this.nodes.find(({ ID }) => ID === id);
    let body = "";
    request.on("data", (data: Buffer) => {
      body += data.toString();
    });
    request.on("end", () => {
      const answer = (value: unknown): void => {
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify(value));
      };
      if (request.method !== "GET") this.changes.push(`${request.method ?? ""} ${path} ${body}`);
      const refusal = request.method === "GET" ? undefined : this.refuse(request.method ?? "", path, body);
      if (refusal !== undefined) {
        response.statusCode = refusal.status;
        answer({ message: refusal.message });
      } else if (path === "/_ping") response.setHeader("Api-Version", testedApi.newest).end("OK");
      else if (path === "/swarm")
        answer({
          ID: "cluster-id",
          Version: { Index: 7 },
          Spec: this.swarm,
          JoinTokens: { Manager: "SWMTKN-1-now-manager", Worker: "SWMTKN-1-now-worker" },
        });
      else if (path === "/swarm/update" && url.searchParams.get("version") === "7") answer({});
      else if (path === "/nodes") {
        answer(this.nodes);
        this.nodesAsked += 1;
      } else if (path === "/tasks" && /desired-state|label/.test(url.searchParams.get("filters") ?? ""))
        answer(this.tasks);
      else if (path === "/services") {
        answer(this.services);
        this.servicesAsked?.();
      } else if (path === "/networks") answer(this.networks);
      else if (path.startsWith("/networks/") && request.method === "GET") {
        const network = this.networks.find((one) => (one as { Id?: string }).Id === path.slice("/networks/".length));
        if (network === undefined) response.statusCode = 404;
        answer(network ?? { message: "network not found" });
      } else if (path === "/secrets") answer([]);
      else if (path === "/info") answer({ SystemTime: new Date().toISOString() });
      else if (path.startsWith("/distribution/")) {
        const reference = path.slice("/distribution/".length, -"/json".length);
        this.digestsAsked.push(reference);
        const digest = this.digests.get(reference);
        if (digest === undefined) response.statusCode = 404;
        answer(
          digest === undefined
            ? { message: `manifest unknown: ${reference}` }
            : { Descriptor: { digest }, Platforms: [] },
        );
      } else if (path.startsWith("/configs"))
        this.answerConfigs(path, url, body, answer, (status) => {
          response.statusCode = status;
        });
      else if (path === "/tasks")
        answer(Array.from({ length: this.runningTasks.shift() ?? 0 }, () => ({ Status: { State: "running" } })));
      else if (node !== undefined && request.method === "GET") answer(node);
      else if (
        node !== undefined &&
        request.method === "POST" &&
        url.searchParams.get("version") === String(node.Version.Index)
      ) {
        const spec = JSON.parse(body) as SwarmNodeState["Spec"];
        const { ManagerStatus: status, ...worker } = node;
        const role = spec.Role === "worker" || status === undefined ? {} : { ManagerStatus: status };
        const Spec = {
          Role: spec.Role,
          Availability: spec.Availability,
          ...(spec.Labels === undefined ? {} : { Labels: spec.Labels }),
        };
        this.nodes = this.nodes.map((one) =>
          one === node ? { ...worker, ...role, Version: { Index: one.Version.Index + 1 }, Spec } : one,
        );
        answer({});
      } else if (node !== undefined && request.method === "DELETE") {
        this.nodes = this.nodes.filter((one) => one !== node);
        answer({});
      } else {
        response.statusCode = 404;
        answer({ message: `${path}: not expected` });
      }
    });
  });
  private readonly ssh = new Server({ hostKeys: [keys.privateKey] }, (client) => {
    client.on("authentication", (context) => {
      context.accept();
    });
    client.on("error", () => undefined);
    this.clients.add(client);
    client.on("close", () => {
      this.clients.delete(client);
    });
    client.on("ready", () => {
      this.connections += 1;
      client.on("tcpip", (accept, reject) => {
        if (this.refusals > 0) {
          this.refusals -= 1;
          reject();
          return;
        }
        this.forwards.now += 1;
        this.forwards.most = Math.max(this.forwards.most, this.forwards.now);
        if (this.forwardsHang) return;
        const channel = accept();
        channel.once("close", () => {
          this.forwards.now -= 1;
        });
        this.pipe(channel, this.ssh.address() as AddressInfo);
      });
      client.on("session", (acceptSession) => {
        acceptSession().on("exec", (acceptExec, _, { command }) => {
          const channel = acceptExec();
          let input = "";
          channel.on("data", (data: Buffer) => {
            input += data.toString();
          });
          channel.on("end", () => {
            this.changes.push(`command: ${command}${input === "" ? "" : ` <${input}>`}`);
            channel.write(this.commandOutput(command));
            channel.exit(0);
            channel.end();
          });
        });
      });
      client.on("openssh.streamlocal", (accept, reject) => {
        if (this.dockerRuns) this.pipe(accept(), this.docker.address() as AddressInfo);
        else reject();
      });
    });
  });

  private readonly clients = new Set<Connection>();

  constructor(public nodes: SwarmNodeState[]) {}

  private answerConfigs(
    path: string,
    url: URL,
    body: string,
    answer: (value: unknown) => void,
    refuse: (status: number) => void,
  ): void {
    const [, id = ""] = /^\/configs\/id-(.+)\/update$/.exec(path) ?? [];
    const known = this.configs.get(id);
    const given = body === "" ? undefined : (JSON.parse(body) as { Name: string; Labels: Record<string, string> });
    if (path === "/configs" && given === undefined) {
      answer(
        [...this.configs].map(([name, { version, labels }]) => ({
          ID: `id-${name}`,
          Version: { Index: version },
          Spec: { Name: name, Labels: labels },
        })),
      );
    } else if (path === "/configs/create" && given !== undefined && !this.configs.has(given.Name)) {
      this.configs.set(given.Name, { version: 1, labels: given.Labels });
      answer({ ID: `id-${given.Name}` });
    } else if (
      given !== undefined &&
      known !== undefined &&
      url.searchParams.get("version") === String(known.version)
    ) {
      this.configs.set(id, { version: known.version + 1, labels: given.Labels });
      answer({});
    } else {
      refuse(path === "/configs/create" ? 409 : 500);
      answer({
        message:
          path === "/configs/create"
            ? "rpc error: code = AlreadyExists desc = config already exists"
            : "rpc error: code = Unknown desc = update out of sequence",
      });
    }
  }

  private pipe(channel: Duplex, { port }: AddressInfo): void {
    const socket = connect(port, "127.0.0.1");
    channel.pipe(socket).pipe(channel);
    for (const end of [channel, socket]) end.on("error", () => undefined);
  }

  /** @returns the port of its SSH server. */
  async start(): Promise<number> {
    const listen = async (server: TcpServer): Promise<void> =>
      new Promise((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
    await listen(this.docker);
    await listen(this.ssh);
    return (this.ssh.address() as AddressInfo).port;
  }

  /** Ends every connection, as a machine that dies does. */
  disconnect(): void {
    for (const client of this.clients) client.end();
  }

  stop(): void {
    this.docker.close();
    this.docker.closeAllConnections();
    this.ssh.close();
  }
}
