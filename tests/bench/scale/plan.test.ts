import { expect } from "chai";
import { planCluster } from "../../../components/plan";
import { placesOf, scaleChanges, standing, withMore } from "../../../bench/scale/plan";
import { labSettings } from "../../../bench/settings";
import { wantedFaults } from "../../../settings/wanted";

const settings = labSettings(scaleChanges);

describe("the cluster that grows", () => {
  it("stands as its first update leaves it", () => {
    expect(planCluster(settings, {}).workerSets).to.deep.equal(standing);
  });

  it("may have all that is asked for", () => {
    for (const sets of [standing, withMore(standing, 1, 99), withMore(standing, 10, 101)])
      expect(wantedFaults(settings, standing, sets, "wanted")).to.deep.equal([]);
  });

  it("takes six of a zone's GiB at most, the manager's among them", () => {
    // of the lab's flavors (lab/cloud/contents.py)
    const gibibytes = new Map([
      ["c1.medium", 2],
      ["m1.small", 1],
    ]);
    const { managers, workers } = planCluster(settings, standing, withMore(standing, 10, 101));
    const servers = [...managers, ...Object.values(workers).flat()];
    for (const zone of settings.zones) {
      expect(
        servers
          .filter(({ place }) => place.zone === zone)
          .reduce((sum, { flavor }) => sum + (gibibytes.get(flavor) ?? Infinity), 0),
        zone,
      ).to.be.at.most(6);
    }
  });
});

describe("withMore", () => {
  it("gives each to the group that has the fewest, with ordinals of its own", () => {
    expect(withMore(standing, 1, 7)).to.deep.equal({ az1: [0], az2: [7], az3: [] });
    expect(withMore(standing, 10, 101)).to.deep.equal({
      az1: [0, 101, 102, 103],
      az2: [101, 102, 103, 104],
      az3: [101, 102, 103],
    });
    expect(standing).to.deep.equal({ az1: [0], az2: [], az3: [] });
  });
});

describe("placesOf", () => {
  it("names those that come, in their zones", () => {
    expect(placesOf("bare", settings, withMore(standing, 2, 7), standing)).to.deep.equal([
      { name: "bare-worker-az2-7", role: "worker", zone: "az2", group: "az2", ordinal: 7 },
      { name: "bare-worker-az3-7", role: "worker", zone: "az3", group: "az3", ordinal: 7 },
    ]);
  });
});
