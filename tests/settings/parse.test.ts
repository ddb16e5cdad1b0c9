import { expect } from "chai";
import { SettingsError } from "../../settings/errors";
import { parseSecrets, parseSettings } from "../../settings/parse";
import { badConfigurations } from "../support/bad-configurations";
import { goodConfiguration } from "../support/settings";

function faultsOf(raw: Record<string, unknown>): string[] {
  try {
    parseSettings(raw);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.map(({ path, problem }) => `${path}: ${problem}`);
    throw error;
  }
  return [];
}

describe("parseSettings", () => {
  it("takes the smallest good configuration and fills in every default", () => {
    const settings = parseSettings(goodConfiguration);
    expect(settings).to.deep.include({
      managers: 3,
      managerAntiAffinity: "soft",
      networkCidr: "10.20.0.0/24",
      ingressCidrs: ["0.0.0.0/0"],
      demo: false,
      ingressReadTimeoutSeconds: 600,
      deadlines: { nodeReadyMinutes: 5, drainMinutes: 5, stackReadyMinutes: 5 },
    });
  });

  it("takes the day of an allowance as Pulumi hands an unquoted date over", () => {
    for (const until of ["2026-12-05", "2026-12-05 00:00:00 +0000 UTC"]) {
      const { allow } = parseSettings({
        ...goodConfiguration,
        allow: [{ what: "lose-workers", zone: "az1", until, why: "az1 is given up" }],
      });
      expect(allow).to.deep.equal([{ what: "lose-workers", zone: "az1", until: "2026-12-05", why: "az1 is given up" }]);
    }
  });

  it("names every default image by the digest of one version", () => {
    for (const [key, image] of Object.entries(parseSettings(goodConfiguration).images))
      expect(image, key).to.match(/^[a-z0-9./-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*@sha256:[0-9a-f]{64}$/);
    expect(parseSettings(goodConfiguration).images.traefik).to.match(/^traefik:v3\.6\./);
    expect(
      parseSettings({ ...goodConfiguration, images: { traefik: "traefik:v2.9" } }).images.traefik,
      "the seed's",
    ).to.equal("traefik:v2.9");
  });

  it("has no autoscaling unless it is asked for, and then fills in the seed's threshold and the groups' limits", () => {
    expect(parseSettings(goodConfiguration)).not.to.have.property("autoscale");
    expect(parseSettings({ ...goodConfiguration, autoscale: {} }).autoscale).to.deep.equal({
      cpuThreshold: 75,
      scaleInCpuThreshold: 45,
      windowSeconds: 60,
      minNodes: 3,
      maxNodes: 10,
      scaleOutCooldownSeconds: 60,
      scaleInCooldownSeconds: 600,
      joinDeadlineSeconds: 420,
      maxStep: 3,
      schedules: [],
    });
  });

  it("takes a schedule that ends on the next day, and one of a whole day", () => {
    const schedules = [
      { days: ["mon", "tue"], from: "22:00", to: "06:00", timeZone: "Europe/Zurich", minNodes: 4 },
      { days: ["sat"], from: "00:00", to: "24:00", timeZone: "UTC", minNodes: 0 },
    ];
    expect(parseSettings({ ...goodConfiguration, autoscale: { schedules } }).autoscale?.schedules).to.deep.equal(
      schedules,
    );
  });

  it("takes every private network for administration, and a network within another", () => {
    const adminCidrs = [
      "10.0.0.0/8",
      "172.16.0.0/12",
      "192.168.0.0/16",
      "100.64.0.0/10",
      "10.0.0.0/9",
      "10.1.0.0/16",
      "198.51.100.7/32",
    ];
    expect(parseSettings({ ...goodConfiguration, adminCidrs }).adminCidrs).to.deep.equal(adminCidrs);
  });

  it("takes an empty text as an absent value", () => {
    expect(parseSettings({ ...goodConfiguration, managers: "", keyPair: "" })).to.deep.equal(
      parseSettings(goodConfiguration),
    );
  });

  for (const [what, change, expected] of badConfigurations) {
    it(`refuses ${what}`, () => {
      const faults = faultsOf({ ...goodConfiguration, ...change });
      expect(faults).to.have.length(expected.length);
      faults.forEach((fault, index) => {
        const wanted = expected[index] ?? "";
        if (wanted.startsWith("^")) expect(fault).to.match(new RegExp(wanted));
        else expect(fault).to.equal(wanted);
      });
    });
  }

  it("keeps secrets out of the settings", () => {
    const slackWebhook = "https://hooks.slack.com/services/T/B/secret";
    const configuration = { ...goodConfiguration, monitoring: {}, slackWebhook };
    expect(JSON.stringify(parseSettings(configuration))).not.to.include("secret");
    expect(parseSecrets(configuration)).to.deep.equal({ slackWebhook });
  });

  // Pulumi hands over every value as text, which settings/load.ts turns into its type
  it("refuses a number as text", () => {
    expect(faultsOf({ ...goodConfiguration, managers: "3" })).to.deep.equal([
      `settings.managers: "3" is not allowed; use 1, 3, 5 or 7.`,
    ]);
  });

  it("names every fault at once, of shape and of rules", () => {
    const faults = faultsOf({
      ...goodConfiguration,
      managers: 2,
      adminCidrs: ["0.0.0.0/0"],
      workerGroups: { az9: { min: 1, max: 1 } },
      image: "",
      colour: "red",
    });
    expect(faults.map((fault) => fault.split(":")[0])).to.have.members([
      "settings.managers",
      "settings.adminCidrs",
      "settings.workerGroups.az9.zone",
      "settings.image",
      "settings.colour",
    ]);
  });
});
