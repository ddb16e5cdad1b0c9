import { expect } from "chai";
import type { SwarmService } from "../../../ops/swarm/services";
import { isDeployed, knownImages, resolvedCompose, stackText } from "../../../ops/swarm/stack-images";

const compose = `services:
  one: {image: "a/one:1"}
  two: {image: "two:2@sha256:22", deploy: {mode: global, labels: {own: "yes"}}}
`;
const text = stackText("x", compose);

/** A service as Docker keeps it. */
function service(name: string, image: string, labels: Record<string, string>): SwarmService {
  return {
    ID: name,
    Version: { Index: 1 },
    Spec: { Name: name, Labels: labels, Mode: {}, TaskTemplate: { ContainerSpec: { Image: image } } },
  };
}

const [one, two] = [
  service("x_one", "a/one:1@sha256:11", { "swarm.stack-text": text.hash, "swarm.image": "a/one:1" }),
  service("x_two", "two:2@sha256:22", { "swarm.stack-text": text.hash, "swarm.image": "two:2@sha256:22" }),
];

describe("isDeployed", () => {
  const rows: readonly (readonly [string, readonly SwarmService[], boolean])[] = [
    ["every service from this text", [two, one], true],
    ["a service missing", [one], false],
    ["a service from another text", [one, service("x_two", "two:2@sha256:22", { "swarm.stack-text": "other" })], false],
    [
      "a service that the text no longer has",
      [one, two, service("x_three", "c:3", { "swarm.stack-text": text.hash })],
      false,
    ],
    ["services from before the label", [service("x_one", "a/one:1", {}), two], false],
    ["nothing", [], false],
  ];
  for (const [what, services, expected] of rows) {
    it(`with ${what}: ${String(expected)}`, () => {
      expect(isDeployed(text, services)).to.equal(expected);
    });
  }

  it("tells a text from one with another config", () => {
    expect(stackText("x", compose).hash).to.equal(text.hash);
    expect(stackText("x", `${compose}configs: {rules: {name: x_rules-0123, external: true}}\n`).hash).not.to.equal(
      text.hash,
    );
  });
});

describe("knownImages", () => {
  it("are those with a digest of their own and those that a service runs already, however the tag has moved", () => {
    expect([...knownImages(text, [one])]).to.deep.equal([
      ["two:2@sha256:22", "two:2@sha256:22"],
      ["a/one:1", "a/one:1@sha256:11"],
    ]);
  });

  it("of services from before the label are found by Docker's own", () => {
    expect(
      knownImages(text, [service("x_one", "a/one:1@sha256:11", { "com.docker.stack.image": "a/one:1" })]).get(
        "a/one:1",
      ),
    ).to.equal("a/one:1@sha256:11");
  });

  for (const [what, image, label] of [
    ["another reference", "a/one:0@sha256:10", "a/one:0"],
    ["a reference that was never resolved", "a/one:1", "a/one:1"],
  ] as const) {
    it(`do not come from ${what}`, () => {
      expect(knownImages(text, [service("x_one", image, { "swarm.image": label })]).has("a/one:1")).to.equal(false);
    });
  }
});

describe("resolvedCompose", () => {
  it("names images by digest and labels the services, whose own labels stay", () => {
    expect(resolvedCompose(text, new Map([["a/one:1", "a/one:1@sha256:11"]]))).to.equal(`services:
  one: { image: "a/one:1@sha256:11", deploy: { labels: { swarm.stack-text: ${text.hash}, swarm.image: a/one:1 } } }
  two: { image: "two:2@sha256:22", deploy: { mode: global, labels: { own: "yes", swarm.stack-text: ${text.hash}, swarm.image: two:2@sha256:22 } } }
`);
  });
});
