import { expect } from "chai";
import { enginesOf, misfits, type Engine, type EngineUse } from "../../../ops/swarm/engine-fit";
import { swarmNode } from "../../support/swarm";

const manager = (version: string, node = "m1"): Engine => ({ node, manager: true, version });
const worker = (version: string, node = "w1"): Engine => ({ node, manager: false, version });
const plain: EngineUse = { images: [], encrypted: false };
const codes = (engines: readonly Engine[], use: Partial<EngineUse>): string[] =>
  misfits(engines, { ...plain, ...use }).map(({ code }) => code);

describe("misfits", () => {
  const traefiks: readonly (readonly [string, string, boolean])[] = [
    ["traefik:v2.9", "26.1.5+dfsg1", true],
    ["traefik:v2.9", "28.5.2", true],
    ["traefik:v2.9", "29.1.3", false],
    ["traefik:v2.9.10", "29.8.0", false],
    ["traefik:v2.9.10.1", "29.8.0", false],
    ["traefik:v2.11.30", "29.8.0", false],
    ["traefik:v2.11.31", "29.8.0", true],
    ["traefik:v2.11", "29.8.0", true],
    ["traefik:v2", "29.8.0", true],
    ["traefik:v3.1", "29.8.0", false],
    ["traefik:3.1.6", "29.8.0", false],
    ["traefik:v3.6.0", "29.8.0", false],
    ["traefik:v3.6.1", "29.8.0", true],
    ["traefik:v3.6", "29.8.0", true],
    ["traefik:v3", "29.8.0", true],
    ["traefik", "29.8.0", true],
    ["traefik:latest", "29.8.0", true],
    ["traefik:v4.0.0", "30.0.0", true],
    ["registry.example:5000/mirror/traefik:v2.9@sha256:00", "29.8.0", false],
    ["registry.example/not-traefik:v2.9", "29.8.0", true],
    ["traefik/whoami:v1.10", "29.8.0", true],
  ];
  for (const [image, version, fits] of traefiks) {
    it(`${image} ${fits ? "fits" : "does not fit"} Docker ${version}`, () => {
      expect(codes([manager(version)], { images: [image] }).includes("traefik-api")).to.equal(!fits);
    });
  }

  it("looks for Traefik at the managers' engines alone", () => {
    expect(codes([manager("26.1.5"), worker("29.8.0")], { images: ["traefik:v2.9"] })).to.deep.equal([]);
  });

  const encryptions: readonly (readonly [readonly string[], boolean])[] = [
    [["26.1.5", "28.5.2"], true],
    [["28.5.2", "29.1.3"], false],
    [["26.1.5", "29.0.0"], false],
    [["28.5.2", "29.2.0"], false],
    [["28.5.2", "29.2.1"], true],
    [["29.1.3", "29.2.1"], false],
    [["29.1.3", "29.1.3"], true],
    [["28.2.2-0ubuntu1~22.04.1", "28.5.2"], false],
    [["25.0.13", "25.0.14"], true],
    [["26.1.5", "29.8.0"], true],
  ];
  for (const [versions, fits] of encryptions) {
    it(`encrypted overlays ${fits ? "pass" : "do not pass"} between ${versions.join(" and ")}`, () => {
      const engines = versions.map((version, index) => worker(version, `w${index}`));
      expect(codes(engines, { encrypted: true }).includes("encrypted-overlays")).to.equal(!fits);
      expect(codes(engines, { encrypted: false })).to.not.include("encrypted-overlays");
    });
  }

  it("says which engines and what to do", () => {
    expect(
      misfits([manager("29.1.3"), manager("26.1.5+dfsg1", "m2")], {
        images: ["traefik:v2.9@sha256:00"],
        encrypted: true,
      }),
    ).to.deep.equal([
      {
        code: "traefik-api",
        breaks: true,
        nodes: ["m1"],
        message:
          "traefik:v2.9: Docker 29 (m1 with 29.1.3) refuses its API version, so it routes nothing; set images.traefik to 2.11.31, or 3.6.1 or later.",
      },
      {
        code: "encrypted-overlays",
        breaks: true,
        nodes: ["m1"],
        message:
          "encrypted overlay networks: m1 with 29.1.3 and the other nodes drop each other's packets (moby/moby#51798); use Docker 29.2.1 or later on them.",
      },
      {
        code: "service-names",
        breaks: false,
        nodes: ["m1"],
        message:
          "service names: m1 with 29.1.3 may lose those of a node that was disconnected for some seconds (moby/moby#53141); use Docker 29.8.0 or later, or force-update the service when that happens.",
      },
    ]);
  });

  it("takes a version that it cannot read to fit", () => {
    expect(codes([manager("library-import"), worker("")], { images: ["traefik:v2.9"], encrypted: true })).to.deep.equal(
      [],
    );
  });
});

describe("enginesOf", () => {
  it("gives the engines of nodes that may come back, not those of dead entries", () => {
    const engine = (name: string): object => ({ Description: { Hostname: name, Engine: { EngineVersion: "29.8.0" } } });
    expect(
      enginesOf([
        swarmNode("c-manager-az1-0", engine("c-manager-az1-0")),
        swarmNode("c-worker-az1-0", { ...engine("c-worker-az1-0"), Status: { State: "down" } }),
        swarmNode("c-worker-az1-1"),
      ]),
    ).to.deep.equal([{ node: "c-manager-az1-0", manager: true, version: "29.8.0" }]);
  });
});
