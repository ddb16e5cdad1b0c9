// Facts of the swarm for Prometheus that no other exporter has: nodes and their state, managers that can be reached,
// tasks without a node, addresses of overlay networks, certificates. Asks Docker's API, which it is given read-only,
// every few seconds, so that a scrape does not wait for a Docker that is slow. Runs on plain Node.js; settings by
// environment: DOCKER_API (URL), PORT, LOOK_SECONDS.
import { X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

const { DOCKER_API: api = "http://socket-proxy:2375", PORT: port = "9101", LOOK_SECONDS: lookSeconds = "10" } = process.env;
/** An overloaded manager takes seconds for a list; one without a leader says so at once. */
const answerMilliseconds = 15_000;
const connectMilliseconds = 3000;
/** A certificate lasts for months; asking for it costs a handshake. */
const certificateMilliseconds = 10 * 60 * 1000;

/** Managers as last seen: when the quorum is lost Docker does not name them any more. */
let managers = [];
/** By node: the end of its certificate in seconds, and when it was asked for. */
const certificates = new Map();

/**
 * The newest version of the Engine API that this is tested with; engines that speak an older one are asked by theirs.
 */
const newestApi = "1.56";

/** The version to ask by. The engine may be another one at the next look. */
async function apiVersion() {
  const answer = await fetch(`${api}/_ping`, { signal: AbortSignal.timeout(answerMilliseconds) });
  const offered = answer.headers.get("api-version");
  if (!answer.ok || offered === null) throw new Error(`/_ping: ${answer.status}, API version ${offered ?? "not said"}`);
  return offered.localeCompare(newestApi, "en", { numeric: true }) < 0 ? offered : newestApi;
}

/** https://docs.docker.com/reference/api/engine/ */
async function ask(version, path) {
  const answer = await fetch(`${api}/v${version}${path}`, { signal: AbortSignal.timeout(answerMilliseconds) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${(await answer.text()).trim()}`);
  return answer.json();
}

function filters(value) {
  return `?filters=${encodeURIComponent(JSON.stringify(value))}`;
}

/** The nodes by name. One that was built anew may leave an entry of its old self: the better one counts. */
function nodesByName(entries) {
  const rank = ["ready", "disconnected", "unknown", "down"];
  const nodes = new Map();
  for (const { ID, Spec, Description, Status, ManagerStatus } of entries) {
    const labels = Spec.Labels ?? {};
    const node = {
      id: ID, name: Description.Hostname, zone: labels.az ?? "", role: Spec.Role, group: labels.group ?? "", state: Status.State,
      availability: Spec.Availability, manager: ManagerStatus?.Addr, authority: Description.TLSInfo?.TrustRoot,
    };
    const known = nodes.get(node.name);
    if (known === undefined || rank.indexOf(node.state) < rank.indexOf(known.state)) nodes.set(node.name, node);
  }
  return [...nodes.values()];
}

/** Whether somebody listens. Closed at once: a handshake that is broken off would be noted in the manager's log. */
function answers(address) {
  return new Promise((resolve) => {
    const [host, number] = split(address);
    const socket = connect({ host, port: number, timeout: connectMilliseconds }, () => end(true));
    const end = (result) => { socket.destroy(); resolve(result); };
    socket.on("error", () => end(false)).on("timeout", () => end(false));
  });
}

/**
 * End of the certificate that a manager shows, in seconds; undefined where it shows none. It is looked at, not trusted.
 */
function certificateEnd(address) {
  return new Promise((resolve) => {
    const [host, number] = split(address);
    const socket = connectTls({ host, port: number, timeout: connectMilliseconds, rejectUnauthorized: false, ALPNProtocols: ["h2"] }, () => {
      const { valid_to: validTo } = socket.getPeerCertificate();
      end(validTo === undefined ? undefined : Date.parse(validTo) / 1000);
    });
    const end = (result) => { socket.destroy(); resolve(result); };
    socket.on("error", () => end(undefined)).on("timeout", () => end(undefined));
  });
}

function split(address) {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at), Number(address.slice(at + 1))];
}

async function lookAtManagers() {
  const now = Date.now();
  return Promise.all(managers.map(async ({ name, zone, manager }) => {
    const up = await answers(manager);
    if (up && !(certificates.get(name)?.at > now - certificateMilliseconds)) {
      const end = await certificateEnd(manager);
      if (end !== undefined) certificates.set(name, { end, at: now });
    }
    return { labels: { node: name, zone }, up, end: certificates.get(name)?.end };
  }));
}

/** Why the scheduler places a task nowhere, from its message. More nodes cure the first cause alone. */
function causeOf(error = "") {
  if (error.includes("insufficient resources")) return "insufficient-resources";
  return error.includes("no suitable node") ? "constraints" : "other";
}

/**
 * Addresses in use and in all of each overlay network, as swarmkit allocates them (manager/allocator/network.go): those
 * of services and tasks, and one for the load balancer of each node that has a task on it, which Docker's API does not
 * show. On the ingress network every node has one, a node that is down too until its entry is removed. Network,
 * broadcast and gateway count for neither.
 */
function overlays(networks, services, tasks, nodeIds) {
  return networks.filter(({ IPAM }) => IPAM?.Config?.[0]?.Subnet !== undefined).map(({ Id, Name, IPAM, Ingress }) => {
    const used = new Set(Ingress === true ? nodeIds.map((id) => `node ${id}`) : []);
    for (const { Endpoint } of services) {
      for (const { NetworkID, Addr } of Endpoint?.VirtualIPs ?? []) if (NetworkID === Id && Addr) used.add(Addr);
    }
    for (const { NodeID, NetworksAttachments } of tasks) {
      for (const { Network, Addresses } of NetworksAttachments ?? []) {
        if (Network.ID !== Id) continue;
        for (const address of Addresses ?? []) used.add(address);
        if (NodeID) used.add(`node ${NodeID}`);
      }
    }
    return { network: Name, used: used.size, all: 2 ** (32 - Number(IPAM.Config[0].Subnet.split("/")[1])) - 3 };
  });
}

/** Sums by labels: rows of [labels, number], a row for each labels. */
function sums(rows) {
  const all = new Map();
  for (const [labels, value] of rows) {
    const key = JSON.stringify(labels);
    all.set(key, (all.get(key) ?? 0) + value);
  }
  return [...all].map(([key, value]) => [JSON.parse(key), value]);
}

/** One metric in Prometheus' text format, https://prometheus.io/docs/instrumenting/exposition_formats/ */
function metric(name, help, rows) {
  const escape = (value) => String(value).replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  const lines = rows.map(([labels, value]) => {
    const text = Object.entries(labels).map(([label, content]) => `${label}="${escape(content)}"`).join(",");
    return `${name}${text === "" ? "" : `{${text}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ""].join("\n");
}

async function facts() {
  const version = await apiVersion();
  const [nodeEntries, services, tasks, networks] = await Promise.all([
    "/nodes", "/services", `/tasks${filters({ "desired-state": ["running"] })}`, `/networks${filters({ driver: ["overlay"] })}`,
  ].map((path) => ask(version, path)));
  const nodes = nodesByName(nodeEntries);
  managers = nodes.filter(({ manager }) => manager !== undefined);
  for (const name of certificates.keys()) if (!managers.some((manager) => manager.name === name)) certificates.delete(name);
  const names = new Map(services.map(({ ID, Spec }) => [ID, Spec.Name]));
  const serviceOf = ({ ServiceID }) => names.get(ServiceID) ?? ServiceID ?? "";
  const pending = tasks.filter(({ Status }) => Status.State === "new" || Status.State === "pending");
  const space = overlays(networks, services, tasks, nodeEntries.map(({ ID }) => ID));
  const authority = nodes.find((node) => node.authority)?.authority;
  return [
    metric("swarm_node_info", "A node of the swarm.", nodes.map(({ name, zone, role, group, state, availability }) => [{ node: name, zone, role, group, state, availability }, 1])),
    metric("swarm_tasks", "Tasks that shall run, by what they do.", sums(tasks.map((task) => [{ task_service: serviceOf(task), state: task.Status.State }, 1]))),
    metric("swarm_tasks_pending", "Tasks that no node has been found for.", sums(pending.map((task) => [{ task_service: serviceOf(task), cause: causeOf(task.Status.Err) }, 1]))),
    metric("swarm_overlay_addresses", "Addresses that an overlay network can give.", space.map(({ network, all }) => [{ network }, all])),
    metric("swarm_overlay_addresses_used", "Addresses of it that are given.", space.map(({ network, used }) => [{ network }, used])),
    metric("swarm_ca_certificate_expiry_timestamp_seconds", "End of the swarm's own authority.",
      authority === undefined ? [] : [[{}, Date.parse(new X509Certificate(authority).validTo) / 1000]]),
  ];
}

/** What a look gives to read. Never fails: that Docker does not answer is a fact too. */
async function look() {
  let up = 1;
  const ofSwarm = await facts().catch((error) => {
    console.error(`swarm-exporter: ${error.message}`);
    up = 0;
    return [];
  });
  const seen = await lookAtManagers();
  return [
    metric("swarm_api_up", "1 where Docker answers questions about the swarm: there is a quorum.", [[{}, up]]),
    ...ofSwarm,
    metric("swarm_manager_up", "1 where the manager's port answers.", seen.map(({ labels, up: answered }) => [labels, answered ? 1 : 0])),
    metric("swarm_node_certificate_expiry_timestamp_seconds", "End of the certificate that a manager shows.",
      seen.filter(({ end }) => end !== undefined).map(({ labels, end }) => [labels, end])),
  ].join("");
}

/** The last look; absent until the first has ended. */
let page;
async function keepLooking() {
  for (;;) {
    const next = sleep(Number(lookSeconds) * 1000);
    page = await look();
    await next;
  }
}

const server = createServer((request, response) => {
  if (request.url !== "/metrics") response.writeHead(404).end();
  else if (page === undefined) response.writeHead(503).end("not looked yet\n");
  else response.writeHead(200, { "Content-Type": "text/plain; version=0.0.4" }).end(page);
});
server.listen(Number(port), () => { console.log(`swarm-exporter: on port ${server.address().port}`); });
void keepLooking();
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => { process.exit(0); });
