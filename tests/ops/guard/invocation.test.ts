import { expect } from "chai";
import { isJudged, readInvocation } from "../../../ops/guard/invocation";

describe("readInvocation", () => {
  const urn = "urn:pulumi:prod::swarm::x";
  const rows: readonly (readonly [string, ReturnType<typeof readInvocation>])[] = [
    ["up", { verb: "up", flags: [] }],
    [
      "up --yes --skip-preview --non-interactive --parallel 64 --stack prod",
      { verb: "up", flags: ["--parallel", "64"] },
    ],
    [`up --yes --replace ${urn}`, { verb: "up", flags: ["--replace", urn] }],
    [
      `--non-interactive --cwd /p up --replace=${urn} --target-replace ${urn}2`,
      { verb: "up", flags: ["--replace", urn, "--target-replace", `${urn}2`] },
    ],
    [`update -t ${urn} -fy --target-dependents`, { verb: "update", flags: ["--target", urn, "--target-dependents"] }],
    [`up -t${urn} -p=4`, { verb: "up", flags: ["--target", urn, "--parallel", "4"] }],
    ["up --refresh --config-file ../x.yaml", { verb: "up", flags: ["--refresh"], configFile: "../x.yaml" }],
    ["up --refresh=true -r", { verb: "up", flags: ["--refresh=true", "--refresh"] }],
    [
      "up --config-file=x.yaml -c swarm:demo=true --config swarm:image=y",
      { verb: "up", flags: [], configFile: "x.yaml" },
    ],
    ["up -m --replace --exclude x", { verb: "up", flags: ["--exclude", "x"] }],
    ["up --message --replace -s --target", { verb: "up", flags: [] }],
    [
      "up --suppress-permalink --replace x --attach-debugger --target y",
      { verb: "up", flags: ["--replace", "x", "--target", "y"] },
    ],
    [
      "up --event-log tcp://127.0.0.1:1 --exclude-dependents=false",
      { verb: "up", flags: ["--exclude-dependents=false"] },
    ],
    ["up -yfr", { verb: "up", flags: ["--refresh"] }],
    ["up -- --replace x", { verb: "up", flags: [] }],
    ["up --replace", { verb: "up", flags: [] }],
    ["-C /p -v 9 destroy --run-program --yes", { verb: "destroy", flags: ["--run-program"] }],
    ["", { flags: [] }],
  ];
  for (const [words, invocation] of rows)
    it(`reads: ${words}`, () => {
      expect(readInvocation(words.split(" ").filter((word) => word !== ""))).to.deep.equal(invocation);
    });

  it("keeps values with spaces and line ends whole", () => {
    expect(readInvocation(["up", "-m", "a --replace b", "--target=**x y\nz**"])).to.deep.equal({
      verb: "up",
      flags: ["--target", "**x y\nz**"],
    });
  });
});

describe("isJudged", () => {
  it("leaves out what removes everything or changes nothing", () => {
    expect(
      ["up", "update", "watch", undefined, "destroy", "down", "dn", "refresh", "preview", "pre"].map((verb) =>
        isJudged(verb === undefined ? {} : { verb }),
      ),
    ).to.deep.equal([true, true, true, true, false, false, false, false, false, false]);
  });
});
