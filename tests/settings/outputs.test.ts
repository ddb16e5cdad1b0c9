import { expect } from "chai";
import { clusterOutput, outputsVersion, readClusterOutputs } from "../../settings/outputs";

/** The outputs of a stack as programs left them before the contract was one output. */
const flat = {
  version: 1,
  clusterName: "prod",
  clusterId: "cluster-id",
  madeWith: {
    clusterName: "prod",
    networkCidr: "10.20.0.0/24",
    externalNetwork: "public",
    overlayPools: ["10.200.0.0/16"],
    overlayPrefix: 24,
    overlayEncryption: false,
    sharedSubnets: { ingress: "10.200.255.0/24", proxy: "10.200.254.0/24", monitoring: "10.200.253.0/24" },
  },
  serial: 7,
  program: "01183f788b93",
  workerGroups: { az1: { zone: "az1", min: 1, max: 4, labels: { disk: "ssd" } } },
  deadlines: { nodeReadyMinutes: 5, drainMinutes: 5, stackReadyMinutes: 5 },
  workerSets: { az1: [0] },
  nodes: [
    {
      name: "prod-worker-az1-0",
      role: "worker",
      zone: "az1",
      group: "az1",
      ordinal: 0,
      address: "10.20.0.20",
      labels: { az: "az1", group: "az1", ordinal: "0" },
      stale: false,
      serverUrn:
        "urn:pulumi:prod::swarm::swarm:compute:WorkerGroup$swarm:compute:Node$openstack:compute/instance:Instance::prod-workers-az1-0-server",
    },
  ],
  networks: ["proxy"],
  stacks: { traefik: ["traefik_traefik", "traefik_socket-proxy"] },
  managerGroupPolicies: ["soft"],
  staleNodes: 0,
  ingressAddress: "203.0.113.100",
  demoUrl: "http://203.0.113.100/whoami",
  access: {
    user: "swarm",
    privateKey: "key",
    managers: [{ name: "m", host: "203.0.113.1", hostKey: "ssh-ed25519 A" }],
  },
  joinTokens: { manager: "SWMTKN-1-manager", worker: "SWMTKN-1-worker" },
};

/** The same in the contract of today: the server is below the component that holds the cluster. */
const cluster = {
  ...flat,
  version: outputsVersion,
  nodes: flat.nodes.map((node) => ({
    ...node,
    serverUrn:
      "urn:pulumi:prod::swarm::swarm:platform:SwarmCluster$swarm:compute:WorkerGroup$swarm:compute:Node$openstack:compute/instance:Instance::prod-workers-az1-0-server",
  })),
};

describe("readClusterOutputs", () => {
  it("reads the output `cluster` and no other", () => {
    expect(readClusterOutputs({ staleNodes: 3, [clusterOutput]: cluster })).to.deep.equal(cluster);
  });

  it("reads the outputs of an earlier program, with the URNs that its servers have from the next update on", () => {
    expect(readClusterOutputs(flat)).to.deep.equal(cluster);
  });

  it("reads none where the stack has no cluster yet", () => {
    expect(readClusterOutputs({})).to.equal(undefined);
    expect(readClusterOutputs({ staleNodes: 0 })).to.equal(undefined);
  });

  it("throws where the outputs are another program's", () => {
    expect(() => readClusterOutputs({ [clusterOutput]: { ...cluster, version: 3 } })).to.throw("version");
    expect(() => readClusterOutputs({ ...flat, version: 0 })).to.throw("version");
  });
});
