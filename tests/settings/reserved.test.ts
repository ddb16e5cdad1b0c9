import { expect } from "chai";
import { reservedWarnings } from "../../settings/reserved";
import { goodSettings } from "../support/settings";

describe("reservedWarnings", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["administrators elsewhere", ["10.0.0.0/8"], []],
    ["administrators of whom some have a bridge's address", ["10.0.0.0/8", "172.16.0.0/12"], [
      `settings.adminCidrs: "172.16.0.0/12" holds settings.bridgePool "172.29.0.0/16": nodes do not answer administrators at those addresses; choose a bridgePool that nobody uses.`,
    ]],
  ];
  for (const [what, adminCidrs, expected] of rows) it(`of ${what}: ${expected.length}`, () => { expect(reservedWarnings(goodSettings({ adminCidrs }))).to.deep.equal(expected); });
});
