import { expect } from "chai";
import fc from "fast-check";
import { SettingsError } from "../../settings/errors";
import { addressOf, prefixOf } from "../../settings/ipv4";
import { parseSettings } from "../../settings/parse";
import { reservedWarnings } from "../../settings/reserved";
import type { SettingsKey } from "../../settings/schema";
import { goodConfiguration, goodSettings } from "../support/settings";

/** What a configuration is refused for. */
function problemsOf(changes: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    parseSettings({ ...goodConfiguration, ...changes });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.map(({ problem }) => problem);
    throw error;
  }
}

/** What the commands in the faults set. */
function advised(problems: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    problems.flatMap((problem) =>
      [...problem.matchAll(/`pulumi config set swarm:(\w+) (\S+)`/g)].map(
        ([, key = "", value = ""]) =>
          [key, value.startsWith("'") ? (JSON.parse(value.slice(1, -1)) as unknown) : value] as const,
      ),
    ),
  );
}

describe("a default that is in the way", () => {
  it("is named with free ranges that, set together, cure the configuration", () => {
    const block = fc
      .tuple(
        fc.constantFrom("10.20.0.0", "10.200.0.0", "172.29.0.0", "172.16.0.0", "192.168.0.0"),
        fc.integer({ min: 8, max: 24 }),
      )
      .map(
        ([address, prefix]) =>
          `${addressOf(Number((BigInt(numberOf(address)) >> BigInt(32 - prefix)) << BigInt(32 - prefix)))}/${prefix}`,
      );
    fc.assert(
      fc.property(block, fc.constantFrom("overlayPools", "bridgePool", "networkCidr"), (network, key) => {
        const prefix = prefixOf(network);
        if (key === "networkCidr" ? prefix < 16 : key === "bridgePool" && prefix > 19) return;
        const written = { [key]: key === "overlayPools" ? [network] : network };
        const problems = problemsOf(written);
        const cures = advised(problems);
        // a pool that holds all private networks but one leaves no room for each of the others
        if (problems.some((problem) => problem.endsWith("set it to a free range."))) return;
        expect(problemsOf({ ...written, ...cures }), JSON.stringify({ written, problems })).to.deep.equal([]);
      }),
    );
  });

  it("is not named where the operator wrote it", () => {
    expect(problemsOf({ networkCidr: "172.29.4.0/24", bridgePool: "172.29.0.0/16" })).to.deep.equal([
      `"172.29.0.0/16" overlaps settings.networkCidr "172.29.4.0/24"; use networks that do not overlap.`,
    ]);
  });
});

function numberOf(address: string): number {
  return address.split(".").reduce((value, byte) => value * 256 + Number(byte), 0);
}

describe("reservedWarnings", () => {
  const unset: ReadonlySet<SettingsKey> = new Set(["bridgePool"]);
  const bothFull = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
  const warning = (cure: string): string =>
    `settings.adminCidrs: "172.16.0.0/12" holds settings.bridgePool "172.29.0.0/16": nodes do not answer administrators at those addresses; use networks that do not overlap${cure}.`;
  const named = (example: string): string =>
    `: "172.29.0.0/16" is the default of swarm:bridgePool; set it to a free range, e.g. \`pulumi config set swarm:bridgePool ${example}\``;
  const rows: readonly (readonly [string, readonly string[], ReadonlySet<SettingsKey>, readonly string[]])[] = [
    ["administrators elsewhere", ["10.0.0.0/8"], unset, []],
    ["administrators of whom some have a bridge's address", ["10.0.0.0/8", "172.16.0.0/12"], new Set(), [warning("")]],
    [
      "the same where nobody chose the bridges' range",
      ["10.0.0.0/8", "172.16.0.0/12"],
      unset,
      [warning(named("192.168.0.0/16"))],
    ],
    ["administrators who may have any private address", bothFull, unset, [warning(named("172.16.0.0/16"))]],
  ];
  for (const [what, adminCidrs, atDefault, expected] of rows) {
    it(`of ${what}: ${expected.length}`, () => {
      expect(reservedWarnings(goodSettings({ adminCidrs }), atDefault)).to.deep.equal(expected);
    });
  }
});
