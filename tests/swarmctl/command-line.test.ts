import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { buildProgram } from "../../swarmctl/program";
import { Terminal } from "../../swarmctl/terminal";
import { inBatches, TestProject, type Result } from "../support/swarmctl";

const seedDiff = [
  "--- Pulumi.prod.yaml",
  "+++ Pulumi.prod.yaml",
  "@@ -12,3 +12,6 @@",
  "   swarm:externalNetwork: public",
  "   swarm:adminCidrs: [198.51.100.0/24]",
  "   swarm:monitoring: {replicas: 2}",
  "+  swarm:autoscale:",
  "+    cpuThreshold: 75",
  "+    maxNodes: 10",
  "",
].join("\n");

/** Command lines that touch nothing: what is typed, the exit code, standard output and error. */
const table: readonly (readonly [string, readonly string[], number, string | RegExp, string | RegExp])[] = [
  [
    "no verb",
    [],
    2,
    "",
    /^Usage: swarmctl \[options\] \[command\]\n[^]*Exit codes: 0 done, 1 failed, 2 usage, 3 checked and not healthy, 75 busy/,
  ],
  ["a group without a verb", ["cluster"], 2, "", /^Usage: swarmctl cluster \[options\] \[command\]\n/],
  [
    "an unknown verb",
    ["cluster", "updat"],
    2,
    "",
    "swarmctl cluster: unknown command 'updat' (did you mean update?); see `swarmctl cluster --help`.\n",
  ],
  [
    "an unknown option",
    ["cluster", "update", "--autoscale-max-node=1"],
    2,
    "",
    "swarmctl cluster update: unknown option '--autoscale-max-node=1' (did you mean --autoscale-max-nodes?); see `swarmctl cluster update --help`.\n",
  ],
  [
    "too many names",
    ["cluster", "status", "a", "b"],
    2,
    "",
    "swarmctl cluster status: too many arguments for 'status': expected 1 argument but got 2; see `swarmctl cluster status --help`.\n",
  ],
  ["its version", ["--version"], 0, /^\d+\.\d+\.\d+\n$/, ""],
  [
    "help of a verb",
    ["node", "drain", "--help"],
    0,
    /^Usage: swarmctl node drain \[options\] <node>\n[^]*\nExamples:\n {2}# .*\n {2}\$ swarmctl node drain prod-swarm-alpha-worker-az1-0\n/,
    "",
  ],
  [
    "the clusters",
    ["cluster", "list"],
    0,
    [
      "CLUSTER           STACK  ZONES        MANAGERS  WORKERS  AUTOSCALING",
      "lab               lab    az1,az2,az3  3         3 to 3   off",
      "prod-swarm-alpha  prod   az1,az2,az3  3         3 to 10  off",
      "",
    ].join("\n"),
    "",
  ],
  [
    "the clusters as JSON",
    ["cluster", "list", "--json"],
    0,
    /^\[\n {2}\{\n {4}"name": "lab",\n {4}"stack": "lab",[^]*"workers": \{\n {6}"min": 3,\n {6}"max": 10\n {4}\},\n {4}"autoscale": null\n {2}\}\n\]\n$/,
    "",
  ],
  [
    "a folder that is no checkout",
    ["cluster", "list", "--project=lab"],
    2,
    "",
    "--project=lab: it has no Pulumi.yaml of this project; name the folder of a checkout.\n",
  ],
  [
    "the seed's command, dry",
    [
      "cluster",
      "update",
      "--autoscale-cpu-threshold=75",
      "--autoscale-max-nodes=10",
      "--cluster-name=prod-swarm-alpha",
      "--dry-run",
    ],
    0,
    seedDiff,
    "prod-swarm-alpha: nothing was written; leave --dry-run away to change Pulumi.prod.yaml.\n",
  ],
  [
    "an update of an unknown cluster",
    ["cluster", "update", "prod", "--autoscale-max-nodes=5"],
    2,
    "",
    'cluster "prod": not known; known are lab (stack lab), prod-swarm-alpha (stack prod).\n',
  ],
  [
    "an update of no cluster",
    ["cluster", "update", "--autoscale-max-nodes=5"],
    2,
    "",
    "cluster: none was named; name one of lab (stack lab), prod-swarm-alpha (stack prod).\n",
  ],
  [
    "an update of two clusters",
    ["cluster", "update", "lab", "--cluster-name=prod-swarm-alpha"],
    2,
    "",
    '--cluster-name: "prod-swarm-alpha" is not "lab", the argument; name one cluster.\n',
  ],
  [
    "an update of nothing",
    ["cluster", "update", "lab"],
    2,
    "",
    "cluster update: nothing to set; name what with --autoscale-… or --schedule, or give --apply.\n",
  ],
  [
    "a number that is none",
    ["cluster", "update", "lab", "--autoscale-max-nodes=many"],
    2,
    "",
    "swarmctl cluster update: option '--autoscale-max-nodes <count>' argument 'many' is invalid: use a whole number; see `swarmctl cluster update --help`.\n",
  ],
  [
    "more nodes than the groups may have",
    ["cluster", "update", "prod-swarm-alpha", "--autoscale-max-nodes=12", "--autoscale-cpu-threshold=40"],
    2,
    "",
    [
      "The configuration has 2 faults; nothing was touched.",
      "  settings.autoscale.scaleInCpuThreshold: 45 is not below cpuThreshold 40; use 39 at most, or raise cpuThreshold.",
      "  settings.autoscale.maxNodes: 12 is above 10, the sum of the groups' max (az1 4, az2 3, az3 3); use 10 at most, or raise max of a group in settings.workerGroups.",
      "",
    ].join("\n"),
  ],
  [
    "a schedule that is none",
    ["cluster", "update", "lab", "--schedule=always"],
    2,
    "",
    /^--schedule: "always" is no schedule; use /,
  ],
  [
    "a schedule in a zone that is none",
    ["cluster", "update", "lab", "--schedule=mon 07:00-19:00 Mars 1"],
    2,
    "",
    /^The configuration has 1 fault[^]* {2}settings\.autoscale\.schedules\.0\.timeZone: "Mars" is not allowed; /,
  ],
  [
    "options that exclude each other",
    ["cluster", "update", "lab", "--dry-run", "--apply"],
    2,
    "",
    "swarmctl cluster update: option '--dry-run' cannot be used with option '--apply'; see `swarmctl cluster update --help`.\n",
  ],
  [
    "autoscaling on and off at once",
    ["cluster", "update", "lab", "--no-autoscale", "--autoscale-max-nodes=3"],
    2,
    "",
    "--no-autoscale: it removes what the other options set; give one or the other.\n",
  ],
  [
    "a status of a stack of another cluster",
    ["cluster", "status", "lab", "--stack=prod"],
    2,
    "",
    /^cluster "lab" of stack "prod": not known; /,
  ],
  [
    "a rollout of nothing at once",
    ["cluster", "rollout", "lab", "--surge=0"],
    2,
    "",
    "--surge: 0 replaces nothing; use 1 or more.\n",
  ],
  [
    "a simulation of a cluster that does not scale",
    ["autoscaler", "simulate", "trace.csv", "lab"],
    2,
    "",
    "Pulumi.lab.yaml: settings.autoscale is not set, so nothing scales; run `swarmctl cluster update lab --autoscale-cpu-threshold=75`.\n",
  ],
  [
    "no node",
    ["node", "drain"],
    2,
    "",
    "swarmctl node drain: missing required argument 'node'; see `swarmctl node drain --help`.\n",
  ],
  [
    "a node of no cluster",
    ["node", "activate", "web-1"],
    2,
    "",
    'node "web-1": of no known cluster; names are <cluster>-worker-<group>-<ordinal>, clusters lab, prod-swarm-alpha.\n',
  ],
  [
    "a shell that nobody knows",
    ["completion", "elvish"],
    2,
    "",
    /^swarmctl completion: .*'elvish' is invalid for argument 'shell': allowed choices are zsh, bash, fish/,
  ],
  [
    "completion of verbs",
    ["complete", "--", "node", ""],
    0,
    /^ls\tthe nodes of a cluster\ndrain\t.*\nactivate\t.*\nreplace\t.*\n/,
    "",
  ],
  [
    "completion of clusters",
    ["complete", "--", "cluster", "status", ""],
    0,
    "lab\tstack lab\nprod-swarm-alpha\tstack prod\n:4\n",
    "",
  ],
  [
    "completion of clusters that are rolled",
    ["complete", "--", "cluster", "rollout", ""],
    0,
    "lab\tstack lab\nprod-swarm-alpha\tstack prod\n:4\n",
    "",
  ],
  [
    "completion of stacks",
    ["complete", "--", "node", "drain", "--stack", ""],
    0,
    "lab\tlab\nprod\tprod-swarm-alpha\n:4\n",
    "",
  ],
  [
    "completion of options",
    ["complete", "--", "cluster", "update", "--autoscale-max"],
    0,
    /^--autoscale-max-nodes\t.*\n--autoscale-max-step\t.*\n:4\n$/,
    "",
  ],
];

describe("the help of swarmctl", () => {
  const program = buildProgram(new Terminal());
  const verbs = program.commands
    .flatMap((command) => (command.commands.length === 0 ? [command] : command.commands))
    .filter((command) => command.name() !== "complete");

  it("is of every verb", () => {
    expect(verbs.map((command) => `${command.parent?.name() ?? ""} ${command.name()}`)).to.deep.equal([
      "cluster list",
      "cluster status",
      "cluster update",
      "cluster rollout",
      "node ls",
      "node drain",
      "node activate",
      "node replace",
      "autoscaler run",
      "autoscaler explain",
      "autoscaler simulate",
      "swarmctl completion",
    ]);
  });

  for (const command of verbs) {
    it(`of ${command.name()} has examples that run that verb, and a summary of one line`, () => {
      let help = "";
      command
        .configureOutput({
          writeOut: (text) => {
            help += text;
          },
        })
        .outputHelp();
      const shown = help.split("\nExamples:\n")[1]?.trimEnd().split("\n") ?? [];
      expect(shown.length).to.be.greaterThan(1);
      shown.forEach((line, index) => {
        if (index % 2 === 0) expect(line).to.match(/^ {2}# \S/);
        else expect(line).to.match(new RegExp(`^ {2}\\$ .*swarmctl (cluster |node |autoscaler )?${command.name()}\\b`));
      });
      expect(command.summary()).to.match(/^\S.*$/);
    });
  }
});

describe("swarmctl's command line", () => {
  const project = new TestProject();
  let results: Result[] = [];
  before(async function () {
    this.timeout(180_000);
    results = await inBatches(table, async ([, words]) => project.swarmctl(words));
  });

  table.forEach(([what, , code, stdout, stderr], index) => {
    it(`answers to ${what} with ${code}`, () => {
      const result = results[index];
      for (const [given, wanted] of [
        [result?.stdout, stdout],
        [result?.stderr, stderr],
      ] as const) {
        if (typeof wanted === "string") expect(given).to.equal(wanted);
        else expect(given).to.match(wanted);
      }
      expect(result?.code).to.equal(code);
    });
  });

  it("refuses a configuration of the lab that is not there", async () => {
    expect(await project.swarmctl(["cluster", "list"], { SWARM_LAB_CONFIG: "gone.yaml" })).to.deep.equal({
      code: 2,
      stdout: "",
      stderr: "SWARM_LAB_CONFIG=gone.yaml: no such file; unset it for Pulumi.lab.yaml.\n",
    });
  });

  it("has written nothing and asked Pulumi nothing", () => {
    expect(project.calls()).to.deep.equal([]);
    expect(readdirSync(project.folder).sort()).to.deep.equal([
      ".fake",
      "Pulumi.lab.yaml",
      "Pulumi.prod.yaml",
      "Pulumi.yaml",
      "lab",
      "toolchain",
    ]);
    expect(project.read("Pulumi.prod.yaml")).not.to.include("autoscale");
  });
});

describe("swarmctl completion", () => {
  it("gives bash a script that completes a verb, and zsh and fish theirs", async function () {
    this.timeout(60_000);
    const project = new TestProject();
    const [bash, zsh, fish] = await inBatches(["bash", "zsh", "fish"], async (shell) =>
      project.swarmctl(["completion", shell]),
    );
    expect([bash?.code, zsh?.code, fish?.code]).to.deep.equal([0, 0, 0]);
    expect(zsh?.stdout).to.match(/^#compdef swarmctl\n/);
    expect(fish?.stdout).to.match(/complete .*-c swarmctl/);
    const name = /^complete .*-F (\S+) swarmctl$/m.exec(bash?.stdout ?? "")?.[1] ?? "";
    const command = join(__dirname, "..", "..", "swarmctl", "swarmctl.cjs");
    // what bash and bash-completion do when somebody types "swarmctl node dr" and TAB
    const typed =
      "compopt() { :; }; _get_comp_words_by_ref() { cur=dr; prev=node; words=(swarmctl node dr); cword=2; }";
    const script = `swarmctl() { "${process.execPath}" "${command}" "$@"; }\n${bash?.stdout ?? ""}\n${typed}\n${name}; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(execFileSync("bash", ["-c", script], { encoding: "utf8", cwd: project.folder }).trim()).to.match(/^drain\b/);
  });
});

describe("swarmctl cluster update", () => {
  it("edits the stack's file in place, says so, and has nothing to do the second time", async function () {
    this.timeout(120_000);
    const project = new TestProject();
    const before = project.read("Pulumi.prod.yaml");
    chmodSync(join(project.folder, "Pulumi.prod.yaml"), 0o640);
    const seed = [
      "cluster",
      "update",
      "--autoscale-cpu-threshold=75",
      "--autoscale-max-nodes=10",
      "--cluster-name=prod-swarm-alpha",
    ];
    const first = await project.swarmctl(seed);
    expect(first).to.deep.equal({
      code: 0,
      stdout: seedDiff,
      stderr: "prod-swarm-alpha: Pulumi.prod.yaml is changed; `pulumi up --stack prod` puts it into effect.\n",
    });
    expect(project.read("Pulumi.prod.yaml")).to.equal(
      `${before}  swarm:autoscale:\n    cpuThreshold: 75\n    maxNodes: 10\n`,
    );
    expect(statSync(join(project.folder, "Pulumi.prod.yaml")).mode & 0o777).to.equal(0o640);
    expect(await project.swarmctl(seed)).to.deep.equal({
      code: 0,
      stdout: "",
      stderr: "prod-swarm-alpha: nothing to change; Pulumi.prod.yaml has it so already.\n",
    });

    const [list] = await inBatches([["cluster", "list"]], async (words) => project.swarmctl(words));
    expect(list?.stdout).to.include(
      "prod-swarm-alpha  prod   az1,az2,az3  3         3 to 10  3 to 10, out above 75 %, in below 45 %\n",
    );
    const off = await project.swarmctl(["cluster", "update", "prod-swarm-alpha", "--no-autoscale"]);
    expect([off.code, project.read("Pulumi.prod.yaml")]).to.deep.equal([0, before]);
    expect(project.calls()).to.deep.equal([]);
  });

  it("sets everything that there is to set", async function () {
    this.timeout(60_000);
    const project = new TestProject();
    const { code, stderr } = await project.swarmctl([
      "cluster",
      "update",
      "prod-swarm-alpha",
      "--autoscale-min-nodes=4",
      "--autoscale-scale-in-threshold=30",
      "--autoscale-window-seconds=120",
      "--autoscale-scale-out-cooldown-seconds=30",
      "--autoscale-scale-in-cooldown-seconds=900",
      "--autoscale-join-deadline-seconds=200",
      "--autoscale-max-step=2",
      "--schedule",
      "mon-fri 07:00-19:00 Europe/Zurich 6",
      "--schedule",
      "sat,sun 09:00-12:00 UTC 5",
    ]);
    expect([code, stderr]).to.deep.equal([
      0,
      "prod-swarm-alpha: Pulumi.prod.yaml is changed; `pulumi up --stack prod` puts it into effect.\n",
    ]);
    expect(project.read("Pulumi.prod.yaml").split("swarm:autoscale:\n")[1]).to.equal(
      [
        "    scaleInCpuThreshold: 30",
        "    windowSeconds: 120",
        "    minNodes: 4",
        "    scaleOutCooldownSeconds: 30",
        "    scaleInCooldownSeconds: 900",
        "    joinDeadlineSeconds: 200",
        "    maxStep: 2",
        "    schedules:",
        `      - {days: [mon, tue, wed, thu, fri], from: "07:00", to: "19:00", timeZone: Europe/Zurich, minNodes: 6}`,
        `      - {days: [sat, sun], from: "09:00", to: "12:00", timeZone: UTC, minNodes: 5}`,
        "",
      ].join("\n"),
    );
  });

  it("names the stacks of a name that is in two, and takes the one that is chosen", async function () {
    this.timeout(60_000);
    const project = new TestProject();
    project.write("Pulumi.next.yaml", project.read("Pulumi.prod.yaml").replace("max: 4", "max: 5"));
    project.write("Pulumi.broken.yaml", "config: [");
    const words = ["cluster", "update", "prod-swarm-alpha", "--autoscale-max-nodes=11", "--dry-run"];
    const broken = /^Pulumi\.broken\.yaml: .*; mend the file\.\n/;
    const [both, chosen] = await inBatches([words, [...words, "--stack=next"]], async (line) => project.swarmctl(line));
    expect(both?.code).to.equal(2);
    expect(both?.stderr).to.match(broken);
    expect(both?.stderr.replace(broken, "")).to.equal(
      'cluster "prod-swarm-alpha": it is in several stacks; add --stack=next or --stack=prod.\n',
    );
    expect(chosen?.code).to.equal(0);
    expect(chosen?.stdout).to.match(/^--- Pulumi\.next\.yaml\n[^]*\n\+ {4}maxNodes: 11\n$/);
  });
});
