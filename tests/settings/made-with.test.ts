import { expect } from "chai";
import { immutableFaults, madeWith } from "../../settings/made-with";
import { goodSettings } from "../support/settings";

const made = madeWith(goodSettings());
const three = [
  ["az1", "10.20.0.10"],
  ["az2", "10.20.0.11"],
  ["az3", "10.20.0.12"],
].map(([zone, address]) => ({ name: `test-manager-${zone ?? ""}-0`, address: address ?? "" }));

function faults(changes: Record<string, unknown>, standing = three): string[] {
  return immutableFaults(goodSettings(changes), made, standing).map(({ path, problem }) => `${path}: ${problem}`);
}

describe("immutableFaults", () => {
  it("has none before there is a cluster", () => {
    expect(immutableFaults(goodSettings({ networkCidr: "10.30.0.0/24" }), {}, [])).to.deep.equal([]);
  });

  it("names every key that a cluster is made with at once", () => {
    expect(
      faults({
        clusterName: "other",
        networkName: "shared",
        networkCidr: "10.30.0.0/24",
        externalNetwork: "other",
        overlayPools: ["10.201.0.0/16"],
        overlayPrefix: 25,
        overlayEncryption: true,
      }),
    ).to.deep.equal([
      `settings.clusterName: "other", but the cluster was made with "test"; keep that, or destroy the cluster first.`,
      `settings.networkName: "shared", but the cluster was made with nothing; keep that, or destroy the cluster first.`,
      `settings.networkCidr: "10.30.0.0/24", but the cluster was made with "10.20.0.0/24"; keep that, or destroy the cluster first.`,
      `settings.externalNetwork: "other", but the cluster was made with "public"; keep that, or destroy the cluster first.`,
      `settings.overlayPools: ["10.201.0.0/16"], but the cluster was made with ["10.200.0.0/16"]; keep that, or destroy the cluster first.`,
      `settings.overlayPrefix: 25, but the cluster was made with 24; keep that, or destroy the cluster first.`,
      `settings.overlayEncryption: true, but the cluster was made with false; keep that, or destroy the cluster first.`,
    ]);
  });

  it("goes by what exists of a cluster that is half made", () => {
    const edit = goodSettings({ networkCidr: "10.30.0.0/24", overlayPools: ["10.201.0.0/16"] });
    expect(
      immutableFaults(edit, { networkName: undefined, networkCidr: "10.20.0.0/24" }, []).map(({ path }) => path),
    ).to.deep.equal(["settings.networkCidr"]);
    expect(immutableFaults(edit, made, []).map(({ path }) => path)).to.deep.equal([
      "settings.networkCidr",
      "settings.overlayPools",
    ]);
    expect(immutableFaults(goodSettings({ networkName: "shared" }), made, []).map(({ path }) => path)).to.deep.equal([
      "settings.networkName",
    ]);
  });

  it("names what to keep of a swarm that an older program made, and takes a network of somebody else at the configuration's word", () => {
    const { overlayPools, overlayPrefix, overlayEncryption } = made;
    const older = { clusterName: "test", overlayPools, overlayPrefix, overlayEncryption };
    expect(immutableFaults(goodSettings({ networkName: "shared" }), older, [])).to.deep.equal([]);
    expect(
      immutableFaults(goodSettings(), { ...older, overlayPools: ["10.128.0.0/16"] }, []).map(
        ({ path, problem }) => `${path}: ${problem}`,
      ),
    ).to.deep.equal([
      `settings.overlayPools: ["10.200.0.0/16"], but the cluster was made with ["10.128.0.0/16"]; keep that, or destroy the cluster first.`,
    ]);
  });

  it("goes by the configuration where an older program did not say from which network the addresses are", () => {
    expect(
      immutableFaults(goodSettings({ externalNetwork: "other" }), { ...made, externalNetwork: undefined }, three),
    ).to.deep.equal([]);
  });

  const rows: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
    [
      "other flavors, limits and images",
      { workerFlavor: "m1.large", image: "new", workerGroups: { az1: { min: 2, max: 4 } } },
      [],
    ],
    ["more managers", { managers: 5 }, []],
    ["a zone at the end", { zones: ["az1", "az2", "az3", "az4"] }, []],
    [
      "the zones in another order",
      { zones: ["az3", "az2", "az1"] },
      [
        "settings.zones: gives test-manager-az3-0, test-manager-az1-0 an address that is another's; keep the zones that hold managers, in their order, and add new ones at the end.",
      ],
    ],
    [
      "another zone in the place of the last",
      { zones: ["az1", "az2", "az4"], workerGroups: {} },
      [
        "settings.zones: gives test-manager-az4-0 an address that is another's; keep the zones that hold managers, in their order, and add new ones at the end.",
      ],
    ],
    [
      "one manager where there were three",
      { managers: 1 },
      [
        "settings.managers: takes test-manager-az2-0, test-manager-az3-0 of 3 managers at once; 1 at most can go in one update without losing the quorum.",
      ],
    ],
  ];
  for (const [what, changes, expected] of rows)
    it(`lets through or refuses ${what}`, () => {
      expect(faults(changes)).to.deep.equal(expected);
    });
});
