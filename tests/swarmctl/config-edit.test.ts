import { expect } from "chai";
import { applyPatch } from "diff";
import fc from "fast-check";
import { parse } from "yaml";
import { editConfig, unifiedDiff, type Changes } from "../../swarmctl/config-edit";

const key = "swarm:autoscale";
const edit = (text: string, changes: Changes): string => editConfig(text, "Pulumi.x.yaml", key, changes);
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join("");

const rows: readonly (readonly [string, string, Changes, string])[] = [
  [
    "adds the key behind the last one, in the file's own indentation",
    lines(
      "# of us",
      "config:",
      "    swarm:clusterName:   x   # two  spaces",
      "",
      "    swarm:workerGroups:",
      "        az1: {min: 1,   max: 2}",
      "        az2: { min: 1, max: 2 } # b",
      "",
      "# the end",
    ),
    { maxNodes: 3 },
    lines(
      "# of us",
      "config:",
      "    swarm:clusterName:   x   # two  spaces",
      "",
      "    swarm:workerGroups:",
      "        az1: {min: 1,   max: 2}",
      "        az2: { min: 1, max: 2 } # b",
      "    swarm:autoscale:",
      "      maxNodes: 3",
      "",
      "# the end",
    ),
  ],
  [
    "adds it to a file that does not end its last line",
    "config:\n  swarm:clusterName: x",
    { maxNodes: 3 },
    lines("config:", "  swarm:clusterName: x", "  swarm:autoscale:", "    maxNodes: 3"),
  ],
  [
    "keeps the line ends of Windows",
    "config:\r\n  swarm:clusterName: x\r\n",
    { maxNodes: 3, minNodes: 1 },
    "config:\r\n  swarm:clusterName: x\r\n  swarm:autoscale:\r\n    maxNodes: 3\r\n    minNodes: 1\r\n",
  ],
  [
    "adds it before other parts of the file",
    lines("config:", "  swarm:clusterName: x", "environment:", "  - y"),
    { maxNodes: 3 },
    lines("config:", "  swarm:clusterName: x", "  swarm:autoscale:", "    maxNodes: 3", "environment:", "  - y"),
  ],
  [
    "adds it behind a text of several lines",
    lines("config:", "  swarm:registryCertificates:", "    r: |", "      ABC", "      DEF", "other: 1"),
    { maxNodes: 3 },
    lines(
      "config:",
      "  swarm:registryCertificates:",
      "    r: |",
      "      ABC",
      "      DEF",
      "  swarm:autoscale:",
      "    maxNodes: 3",
      "other: 1",
    ),
  ],
  [
    "adds it to a configuration in one line",
    lines("config: {swarm:clusterName: x}  # all"),
    { maxNodes: 3 },
    lines("config: {swarm:clusterName: x, swarm:autoscale: {maxNodes: 3}}  # all"),
  ],
  [
    "changes a value and nothing beside it",
    lines(
      "config:",
      "  swarm:autoscale:   # load",
      "    # the seed's",
      "    cpuThreshold:  75   # percent",
      "    maxNodes: 10",
      "  swarm:demo: true",
    ),
    { cpuThreshold: 80 },
    lines(
      "config:",
      "  swarm:autoscale:   # load",
      "    # the seed's",
      "    cpuThreshold:  80   # percent",
      "    maxNodes: 10",
      "  swarm:demo: true",
    ),
  ],
  [
    "adds a value to those that there are",
    lines("config:", "  swarm:autoscale:", "    maxNodes: 10   # all", "  # demo", "  swarm:demo: true"),
    { minNodes: 2 },
    lines(
      "config:",
      "  swarm:autoscale:",
      "    maxNodes: 10   # all",
      "    minNodes: 2",
      "  # demo",
      "  swarm:demo: true",
    ),
  ],
  [
    "changes and adds in a map of one line",
    lines("config:", "  swarm:autoscale: { maxNodes: 10 } # c"),
    { maxNodes: 9, minNodes: 2 },
    lines("config:", "  swarm:autoscale: { maxNodes: 9, minNodes: 2 } # c"),
  ],
  [
    "fills an empty map",
    lines("config:", "  swarm:autoscale: {}"),
    { maxNodes: 9 },
    lines("config:", "  swarm:autoscale: {maxNodes: 9}"),
  ],
  [
    "fills an empty text",
    lines("config:", `  swarm:autoscale: "" # off`),
    { maxNodes: 9 },
    lines("config:", "  swarm:autoscale:", "    maxNodes: 9 # off"),
  ],
  [
    "fills what has no value",
    lines("config:", "  swarm:autoscale:", "  swarm:demo: true"),
    { maxNodes: 9 },
    lines("config:", "  swarm:autoscale:", "    maxNodes: 9", "  swarm:demo: true"),
  ],
  [
    "takes up what `pulumi config set` wrote",
    lines("config:", `  swarm:autoscale: '{"cpuThreshold":75}'`),
    { maxNodes: 9 },
    lines("config:", "  swarm:autoscale:", "    cpuThreshold: 75", "    maxNodes: 9"),
  ],
  [
    "writes schedules one a line, times of day in quotes",
    lines("config:", "  swarm:autoscale:", "    maxNodes: 9"),
    { schedules: [{ days: ["mon", "fri"], from: "18:00", to: "07:00", timeZone: "Europe/Zurich", minNodes: 4 }] },
    lines(
      "config:",
      "  swarm:autoscale:",
      "    maxNodes: 9",
      "    schedules:",
      `      - {days: [mon, fri], from: "18:00", to: "07:00", timeZone: Europe/Zurich, minNodes: 4}`,
    ),
  ],
  [
    "replaces schedules as a whole",
    lines(
      "config:",
      "  swarm:autoscale:",
      "    schedules:",
      "      - days: [mon]",
      `        from: "01:00"`,
      "    maxNodes: 9 # b",
    ),
    { schedules: [] },
    lines("config:", "  swarm:autoscale:", "    schedules: []", "    maxNodes: 9 # b"),
  ],
  [
    "takes the key away",
    lines(
      "config:",
      "  # a",
      "  swarm:autoscale:",
      "    maxNodes: 9 # b",
      "    schedules:",
      "      - {days: [mon]} # c",
      "  # d",
      "  swarm:demo: true",
    ),
    "remove",
    lines("config:", "  # a", "  # d", "  swarm:demo: true"),
  ],
  [
    "takes the last key away",
    lines("config:", "  swarm:demo: true", "  swarm:autoscale: {maxNodes: 9}"),
    "remove",
    lines("config:", "  swarm:demo: true"),
  ],
  [
    "leaves a file alone that has it so already",
    lines("config:", "  swarm:autoscale: {maxNodes: 0x9}"),
    { maxNodes: 9 },
    lines("config:", "  swarm:autoscale: {maxNodes: 0x9}"),
  ],
  [
    "leaves a file alone that has no such key to take away",
    lines("config:", "  swarm:demo: true"),
    "remove",
    lines("config:", "  swarm:demo: true"),
  ],
];

describe("editConfig", () => {
  for (const [what, before, changes, after] of rows)
    it(what, () => {
      expect(edit(before, changes)).to.equal(after);
    });

  const refusals: readonly (readonly [string, string, string])[] = [
    [
      "a file that is no YAML",
      lines("config:", "  a: [1"),
      "Pulumi.x.yaml: Flow sequence in block collection must be sufficiently indented and end with a ] at line 3, column 1; mend the file.",
    ],
    [
      "a key that stands there twice",
      lines("config:", "  swarm:autoscale: {}", "  swarm:autoscale: {}"),
      "Pulumi.x.yaml: Map keys must be unique at line 3, column 3; mend the file.",
    ],
    [
      "an alias",
      lines("x: &x {maxNodes: 1}", "config:", "  swarm:autoscale: *x"),
      "Pulumi.x.yaml: swarm:autoscale is an alias; edit it by hand.",
    ],
    [
      "another type",
      lines("config:", "  swarm:autoscale: [1]"),
      "Pulumi.x.yaml: swarm:autoscale is no map; edit it by hand.",
    ],
    [
      "a file without a configuration",
      lines("environment: [x]"),
      `Pulumi.x.yaml: it has no map "config"; edit it by hand.`,
    ],
  ];
  for (const [what, text, message] of refusals)
    it(`refuses ${what}`, () => {
      expect(() => edit(text, { maxNodes: 2 })).to.throw(message);
    });

  it("leaves every other line as it was and gives what was asked for, whatever the file looks like", function () {
    this.timeout(60_000);
    const other = fc.constantFrom(
      "  swarm:zones:   [az1,  az2]  # z",
      "  swarm:workerGroups:\n    az1: {min: 1, max: 4}   # one\n    # two\n    az2:\n      min: 0\n      max:   9",
      "  # only a comment",
      "",
      "  swarm:image: >-\n    a\n    b",
      `  swarm:proxy: {http: "http://p:1"}`,
    );
    const policy = fc.record(
      { cpuThreshold: fc.nat(100), maxNodes: fc.nat(20), maxStep: fc.nat(5) },
      { requiredKeys: [] },
    );
    const styles = fc.constantFrom("block", "flow", "json");
    fc.assert(
      fc.property(
        fc.uniqueArray(other),
        fc.uniqueArray(other),
        policy,
        styles,
        policy,
        fc.boolean(),
        (above, below, old, style, asked, ends) => {
          const given =
            Object.keys(old).length === 0
              ? []
              : style === "json"
                ? [`  ${key}: '${JSON.stringify(old)}'`]
                : style === "flow"
                  ? [
                      `  ${key}: {${Object.entries(old)
                        .map(([name, value]) => `${name}: ${value}`)
                        .join(",  ")}}  # f`,
                    ]
                  : [`  ${key}:`, ...Object.entries(old).map(([name, value]) => `    ${name}:  ${value}  # ${name}`)];
          const rest = [...above, ...below.filter((line) => !above.includes(line) || !line.includes("swarm:"))];
          const text =
            [
              "# head",
              "config:",
              "  swarm:clusterName: x",
              ...rest.slice(0, above.length),
              ...given,
              ...rest.slice(above.length),
            ].join("\n") + (ends ? "\n" : "");
          const after = edit(text, asked);
          const values = (parse(after) as { config: Record<string, unknown> }).config[key];
          const merged = { ...old, ...asked };
          const expected =
            Object.keys(asked).length === 0 && (style === "json" || given.length === 0) ? values : merged;
          expect(values).to.deep.equal(expected);
          const own = (line: string): boolean =>
            given.includes(line) || /autoscale|cpuThreshold|maxNodes|maxStep/.test(line);
          const others = (all: string): string[] => all.split("\n").filter((line) => !own(line) && line !== "");
          expect(others(after)).to.deep.equal(others(text));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("unifiedDiff", () => {
  it("is empty without a difference, and else a patch of the file", () => {
    const [before, after] = [lines("a: 1  ", "b: 2"), lines("a: 1  ", "b: 3")];
    expect(unifiedDiff("f", before, before)).to.equal("");
    expect(unifiedDiff("f", before, after)).to.equal(
      lines("--- f", "+++ f", "@@ -1,2 +1,2 @@", " a: 1  ", "-b: 2", "+b: 3"),
    );
    expect(applyPatch(before, unifiedDiff("f", before, after))).to.equal(after);
  });
});
