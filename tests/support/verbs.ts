import { execFile } from "node:child_process";
import { join } from "node:path";
import type { SwarmNodeState } from "../../ops/swarm/nodes";
import type { IngressSpec, NodeSpec, StackSpec, SwarmSpec } from "../../settings/specs";
import { FakeManager, outputsOf, swarmNode } from "./swarm";

const root = join(__dirname, "..", "..");

/** The cluster whose verbs are run: three managers and three workers. */
export const { access, nodes } = outputsOf("test", { az1: [0], az2: [0], az3: [0] });
/** Names of its first two managers. */
export const [first = "", second = ""] = access.managers.map(({ name }) => name);

export interface VerbResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The verbs of ops/main.ts, run against a manager that is a fake. */
export interface VerbRunner {
  readonly fake: FakeManager;
  /** Runs a verb as the program does. Every manager is the fake one. */
  readonly run: (
    verb: string,
    spec: NodeSpec | StackSpec | SwarmSpec | IngressSpec,
    options?: { stdin?: string; before?: string; repair?: string; known?: typeof access },
  ) => Promise<VerbResult>;
  /** What the fake was asked to change, without versions and with "TIME" for each time. */
  readonly changes: () => string[];
  /** Whether a node has been given its join token. */
  readonly hasGivenToken: () => boolean;
}

/** Starts the fake manager before the tests of the describe block that calls this, and resets it before each. */
export function useVerbs(): VerbRunner {
  const fake = new FakeManager([]);
  let port = 0;
  before(async () => {
    port = await fake.start();
  });
  beforeEach(() => {
    fake.nodes = nodes.map(({ name }) => swarmNode(name));
    fake.changes.length = 0;
    fake.services = [];
    fake.tasks = [];
    fake.digests.clear();
    fake.digestsAsked.length = 0;
    fake.connections = 0;
    fake.nodesAsked = 0;
    fake.commandOutput = () => "";
    fake.refuse = () => undefined;
  });
  after(() => {
    fake.stop();
  });
  return {
    fake,
    run: async (verb, spec, { stdin = "", before: last = "", repair = "", known = access } = {}) =>
      runVerb(verb, stdin, {
        SWARM_ACCESS: JSON.stringify(known),
        SWARM_SPEC: JSON.stringify(spec),
        SWARM_TEST_SSH: JSON.stringify(Object.fromEntries(access.managers.map(({ host }) => [host, port]))),
        PULUMI_COMMAND_STDOUT: last,
        ...(repair === "" ? {} : { SWARM_REPAIR: repair }),
      }),
    // the client puts the version into the body as well
    changes: () =>
      fake.changes.map((change) => change.replace(/"version":\d+,?/, "").replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "TIME")),
    hasGivenToken: () => fake.changes.some((change) => change.includes("/etc/swarm/join-token")),
  };
}

async function runVerb(verb: string, stdin: string, variables: Record<string, string>): Promise<VerbResult> {
  const env = {
    ...process.env,
    NODE_OPTIONS: `--require ${join(root, "tests", "swarmctl", "redirect-ssh.cjs")}`,
    ...variables,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", "ops/main.ts", verb],
      { cwd: root, env },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    ).stdin?.end(stdin);
  });
}

/** The spec of a node, as the program hands it to a verb. */
export function specOf(name: string): NodeSpec {
  return {
    name,
    role: name.includes("-manager-") ? "manager" : "worker",
    address: "10.20.0.99",
    hostKey: access.managers[0]?.hostKey ?? "",
    serverId: "server",
    labels: { az: "az1" },
    holdsToken: false,
    stacks: [],
    readySeconds: 20,
    drainSeconds: 5,
  };
}

/** A node of the swarm with an engine of this version. */
export function nodeWithEngine(name: string, version: string): SwarmNodeState {
  return swarmNode(name, { Description: { Hostname: name, Engine: { EngineVersion: version } } });
}
