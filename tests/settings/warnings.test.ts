import { expect } from "chai";
import { warningsOf } from "../../settings/warnings";
import { goodSettings } from "../support/settings";

describe("warningsOf", () => {
  const zone = (name: string, held: number, managers: number, least: number): string =>
    `settings.zones: "${name}" holds ${held} of ${managers} managers, so its loss takes the quorum; use ${least} zones at least.`;
  const rows: readonly (readonly [number, readonly string[], readonly string[]])[] = [
    [3, ["az1", "az2", "az3"], []],
    [5, ["az1", "az2", "az3"], []],
    [3, ["az1", "az2"], [zone("az1", 2, 3, 3)]],
    [3, ["az1"], [zone("az1", 3, 3, 3)]],
    [7, ["az1", "az2"], [zone("az1", 4, 7, 3)]],
    [5, ["az1"], [zone("az1", 5, 5, 3)]],
    [
      1,
      ["az1"],
      [
        "settings.managers: 1 gives up high availability: while the manager is down nothing of the swarm can be changed, and with its disk the swarm is lost; use 3 to survive the loss of one.",
      ],
    ],
  ];
  for (const [managers, zones, expected] of rows) {
    it(`of ${managers} managers in ${zones.length} zones: ${expected.length}`, () => {
      expect(warningsOf({ clusterName: "test", managers: managers as 1 | 3 | 5 | 7, zones: [...zones] })).to.deep.equal(
        expected,
      );
    });
  }

  it("names an autoscaler that has no figures", () => {
    const warned = (changes: Record<string, unknown>): string[] => warningsOf(goodSettings(changes));
    expect(warned({ autoscale: {} })).to.deep.equal([
      "settings.autoscale: without settings.monitoring there are no figures of CPU: workers come for pending tasks and minimums alone, and none goes; set monitoring, {} for its defaults.",
    ]);
    expect(warned({ autoscale: {}, monitoring: {} })).to.deep.equal([]);
  });
});
