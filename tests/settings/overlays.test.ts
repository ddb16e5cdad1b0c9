import { expect } from "chai";
import fc from "fast-check";
import { addressesOf, liesIn, overlap, prefixOf } from "../../settings/ipv4";
import {
  mostNodes,
  nodesThatFit,
  otherNetworks,
  overlayFaults,
  overlayWarnings,
  planSharedSubnets,
  poolThatFits,
  sharedNetworks,
  sharedPrefix,
} from "../../settings/overlays";
import { goodSettings } from "../support/settings";

const grown = (max: number, changes: Record<string, unknown> = {}) =>
  goodSettings({
    networkCidr: "10.64.0.0/16",
    workerGroups: { az1: { min: 1, max }, az2: { min: 1, max }, az3: { min: 1, max } },
    ...changes,
  });
const problems = (faults: readonly { path: string; problem: string }[]): string[] =>
  faults.map(({ path, problem }) => `${path}: ${problem}`);

describe("the shared overlay networks", () => {
  const rows: readonly (readonly [number, Record<string, string>])[] = [
    [3, { ingress: "10.200.255.0/24", proxy: "10.200.254.0/24", monitoring: "10.200.253.0/24" }],
    [100, { ingress: "10.200.228.0/22", proxy: "10.200.240.0/20", monitoring: "10.200.232.0/21" }],
    [333, { ingress: "10.200.176.0/20", proxy: "10.200.224.0/19", monitoring: "10.200.192.0/19" }],
  ];
  for (const [max, expected] of rows) {
    it(`have room for three groups of ${max} workers`, () => {
      const planned = planSharedSubnets(grown(max));
      expect(Object.entries(planned ?? {}).sort()).to.deep.equal(Object.entries(expected).sort());
    });
  }

  it("lie apart in the pools and leave room for others, for every size", () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.integer({ min: 20, max: 29 }),
        fc.integer({ min: 10, max: 20 }),
        fc.integer({ min: 14, max: 24 }),
        (max, overlayPrefix, first, second) => {
          const overlayPools = [`10.0.0.0/${first}`, `172.16.0.0/${second}`].filter(
            (pool) => prefixOf(pool) <= overlayPrefix,
          );
          const settings = { managers: 3, workerGroups: { az1: { max } }, overlayPools, overlayPrefix };
          const planned = planSharedSubnets(settings);
          if (planned === undefined) return;
          const subnets = Object.values(planned);
          for (const [index, subnet] of subnets.entries()) {
            expect(
              overlayPools.some((pool) => liesIn(subnet, pool)),
              subnet,
            ).to.equal(true);
            expect(subnets.slice(0, index).filter((other) => overlap(other, subnet))).to.deep.equal([]);
          }
          const taken = subnets.reduce((sum, subnet) => sum + addressesOf(prefixOf(subnet)), 0);
          const all = overlayPools.reduce((sum, pool) => sum + addressesOf(prefixOf(pool)), 0);
          expect(all - taken).to.be.at.least(otherNetworks * addressesOf(overlayPrefix));
          for (const network of sharedNetworks)
            expect(nodesThatFit(network, prefixOf(planned[network]))).to.be.at.least(mostNodes(settings));
        },
      ),
    );
  });

  it("take the room of a larger overlayPrefix where they need less", () => {
    expect(sharedPrefix("proxy", 6, 20)).to.equal(20);
    expect(sharedPrefix("proxy", 6, 28)).to.equal(25);
  });

  it("are refused where the pools have no room for 3,000 workers, with the pool that has", () => {
    expect(problems(overlayFaults(grown(1000), undefined))).to.deep.equal([
      `settings.overlayPools: ["10.200.0.0/16"] has no room for the networks of 3003 nodes (ingress /19, proxy /17, monitoring /17) and 8 networks of overlayPrefix /24; use a pool of /15, or lower max of the worker groups.`,
    ]);
    expect(overlayFaults(grown(1000, { overlayPools: ["10.200.0.0/15"] }), undefined)).to.deep.equal([]);
    expect(poolThatFits(grown(1000))).to.equal(15);
  });
});

describe("the overlay networks of a cluster that stands", () => {
  const old = { sharedSubnets: {}, mostNodes: 303 };

  it("do not stop an update that adds no nodes, and are warned of", () => {
    expect(overlayFaults(grown(100), old)).to.deep.equal([]);
    expect(overlayWarnings(grown(100, { monitoring: {} }), old)).to.deep.equal([
      "settings.workerGroups: the groups and managers may grow to 303 nodes, but overlay networks of this cluster are smaller and keep their size: " +
        "ingress /24 for 94 nodes, proxy /24 for 23 nodes, monitoring /24 for 31 nodes; lower max, spread services over further networks, or build a new cluster.",
    ]);
  });

  it("refuse nodes that find no address in the ingress network", () => {
    expect(problems(overlayFaults(grown(101), old))).to.deep.equal([
      "settings.workerGroups: the groups and managers may grow to 306 nodes, but the network ingress of this cluster has 253 addresses and keeps its size; lower max, or build a new cluster.",
    ]);
  });

  it("say nothing where the recorded subnets have room", () => {
    const settings = grown(100, { monitoring: {} });
    const standing = { sharedSubnets: planSharedSubnets(settings) ?? {}, mostNodes: 303 };
    expect([...overlayFaults(settings, standing), ...overlayWarnings(settings, standing)]).to.deep.equal([]);
  });
});
