import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { BusyError, LockedError, OperationError } from "../../../ops/errors";
import { pulumiArgv } from "../../../ops/pulumi/run";
import { stackOutputs } from "../../../ops/stack-state/outputs";
import { RefusedError, runUpdate, UpdateError, updateSeconds, type Update } from "../../../ops/update/update";
import { goodSettings } from "../../support/settings";

/** A project whose Pulumi, that of the lab, is the given script. */
function projectWith(script: string): string {
  const project = mkdtempSync(join(tmpdir(), "swarm-test-update-"));
  mkdirSync(join(project, "lab"));
  writeFileSync(join(project, "lab", "pulumi"), `#!/bin/sh\ncd "$(dirname "$0")"\n${script}\n`);
  chmodSync(join(project, "lab", "pulumi"), 0o755);
  return project;
}

async function update(
  script: string,
  changes: Partial<Update> = {},
): Promise<{ project: string; talk: string; error: unknown }> {
  const project = projectWith(script);
  let talk = "";
  const error = await runUpdate({
    place: { project, stack: "lab" },
    environment: process.env,
    timeoutSeconds: 60,
    talk: (text) => {
      talk += text;
    },
    ...changes,
  }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { project, talk, error };
}

describe("pulumiArgv", () => {
  it("goes through the toolchain with the stack named, and on the lab through the lab's own", () => {
    expect(pulumiArgv({ project: "/p", stack: "prod" }, ["up", "--yes"], {})).to.deep.equal([
      "/p/toolchain/toolchain",
      "exec",
      "pulumi",
      "up",
      "--yes",
      "--stack",
      "prod",
    ]);
    expect(pulumiArgv({ project: "/p", stack: "lab" }, ["up", "--yes"], {})).to.deep.equal([
      "/p/lab/pulumi",
      "up",
      "--yes",
    ]);
    expect(
      pulumiArgv({ project: "/p", stack: "lab" }, ["up", "--yes"], { PULUMI_BACKEND_URL: "s3://states" }),
    ).to.deep.equal(["/p/toolchain/toolchain", "exec", "pulumi", "up", "--yes", "--stack", "lab"]);
  });
});

describe("runUpdate", () => {
  it("hands the wanted set over by the environment, and lets Pulumi talk", async () => {
    const { project, talk, error } = await update(
      `echo "$*" | sed 's/--event-log .*/--event-log/' > args; echo "$SWARM_WANTED_WORKERS" "$SWARM_EXPECTED_WORKERS" >> args; echo out; echo err >&2`,
      { wanted: { az1: [1] }, expected: { az1: [0] } },
    );
    expect(error).to.equal(undefined);
    expect(readFileSync(join(project, "lab", "args"), "utf8")).to.equal(
      `up --yes --skip-preview --non-interactive --event-log\n{"az1":[1]} {"az1":[0]}\n`,
    );
    expect(talk.split("\n")).to.have.members(["out", "err", ""]);
  });

  it("names the resource that is to be made anew", async () => {
    const { project } = await update(`echo "$*" | sed 's/--event-log [^ ]* //' > args`, {
      replace: "urn:pulumi:lab::swarm::x",
    });
    expect(readFileSync(join(project, "lab", "args"), "utf8")).to.equal(
      "up --yes --skip-preview --non-interactive --replace urn:pulumi:lab::swarm::x\n",
    );
  });

  const locked = (holder: string): string =>
    `stack lab: locked by ${holder}; try again when it is done, or see "Two updates at once" in docs/runbook.md.`;
  const rows: readonly (readonly [
    string,
    string,
    typeof OperationError | typeof UpdateError | typeof LockedError,
    string,
  ])[] = [
    [
      "a lock in a file backend",
      "error: the stack is currently locked by 1 lock(s). Either wait\n  file:///x.json: created by ann@there (pid 4711) at 2026-01-01T00:00:00Z",
      LockedError,
      locked("ann@there's update of 2026-01-01T00:00:00Z (process 4711)"),
    ],
    [
      "a lock that goes while it is read",
      "error: the stack is currently locked by 1 lock(s)",
      LockedError,
      locked("another update"),
    ],
    [
      "a lock of the service",
      "error: [409] Conflict: Another update is currently in progress.",
      LockedError,
      locked("another update"),
    ],
    [
      "our own words of a lock, which mean nothing",
      "stack lab: locked by ann; try again when it is done",
      UpdateError,
      "stack lab: the update failed, Pulumi ended with 255; its output says why, docs/runbook.md what to do.",
    ],
    [
      "anything else",
      "error: no valid host",
      UpdateError,
      "stack lab: the update failed, Pulumi ended with 255; its output says why, docs/runbook.md what to do.",
    ],
  ];
  for (const [what, said, kind, message] of rows) {
    it(`fails on ${what} as ${kind.name}`, async () => {
      const { error } = await update(`echo '${said}' >&2; exit 255`);
      expect(error).to.be.instanceOf(kind).with.property("name", kind.name);
      expect((error as Error).message).to.equal(message);
    });
  }

  it("hears of a lock that lab/pulumi finds first, and of another update in between, by the report", async () => {
    const { error: busy } = await update(`echo '{"kind":"locked","holder":"ann"}' > "$SWARM_REPORT"; exit 75`);
    expect(busy).to.be.instanceOf(LockedError).with.property("message", locked("ann"));
    const { error: late } = await update(`echo '{"kind":"overtaken"}' > "$SWARM_REPORT"; exit 255`);
    expect(late)
      .to.be.instanceOf(BusyError)
      .with.property(
        "message",
        "stack lab: another update changed its workers or their limits in between; nothing was touched, try again.",
      );
  });

  it("takes wanted sets that do not fit the deployed configuration for overtaken, and those that do not fit the checkout's for a fault", async () => {
    const refusal = `echo '{"kind":"unfit"}' > "$SWARM_REPORT"; exit 255`;
    const config = `[ "$1" != config ] || { while [ "$1" != --config-file ]; do shift; done; echo "config: {}" > "$2"; exit; }`;
    expect((await update(`${config}\n${refusal}`, { asDeployed: true })).error).to.be.instanceOf(BusyError);
    expect((await update(refusal)).error).to.be.instanceOf(UpdateError);
  });

  it("interrupts an update that hangs, and lets it end by itself", async () => {
    const { project, error } = await update("trap 'echo noted > end; exit 1' INT; while :; do sleep 0.05; done", {
      timeoutSeconds: 1,
    });
    expect((error as Error).message).to.equal(
      "stack lab: the update was not done within 1 seconds and was interrupted; run it again, it goes on where it was.",
    );
    expect(readFileSync(join(project, "lab", "end"), "utf8")).to.equal("noted\n");
  });

  const urn = "urn:pulumi:lab::swarm::openstack:compute/instance:Instance::lab-workers-az1-3-server";
  const event = (what: object): string => `{"sequence":0,"timestamp":1000,${JSON.stringify(what).slice(1)}`;
  const begun = event({
    resourcePreEvent: { metadata: { urn, type: "openstack:compute/instance:Instance", op: "create" } },
  });
  const failed = event({
    resOpFailedEvent: { metadata: { urn, type: "openstack:compute/instance:Instance", op: "create" } },
  });
  const said = event({ diagnosticEvent: { urn, severity: "error", message: "<{%reset%}>no valid host<{%reset%}>\n" } });
  const step = {
    resource: "lab-workers-az1-3-server",
    type: "openstack:compute/instance:Instance",
    op: "create",
    begunAt: 1_000_000,
  };
  const sender = join(__dirname, "..", "..", "support", "send-events.cjs");
  const sending = (...lines: string[]): string =>
    `while [ "$1" != --event-log ]; do shift; done; '${process.execPath}' '${sender}' "$2" <<'END'\n${lines.join("\n")}\nEND\n`;

  it("tells what became of each resource, as the events have it", async () => {
    const done = event({
      resOutputsEvent: { metadata: { urn, type: "openstack:compute/instance:Instance", op: "create" } },
    });
    const place = { project: projectWith(sending(begun, done, `{"no": "event"}`)), stack: "lab" };
    expect(
      await runUpdate({ place, environment: process.env, timeoutSeconds: 60, talk: () => undefined }),
    ).to.deep.equal([{ ...step, endedAt: 1_000_000 }]);
  });

  it("hands over why a resource failed", async () => {
    const { error } = await update(`${sending(begun, said, failed)} exit 255`);
    expect(error).to.be.instanceOf(UpdateError).with.property("interrupted", false);
    expect((error as UpdateError).steps).to.deep.equal([{ ...step, error: "no valid host" }]);
  });

  it("hears by the report alone that the program refused the plan, and hands its words over", async () => {
    const words = "Plan: beyond the limits.\nCHECK  WHERE";
    const report = JSON.stringify({ kind: "plan-refused", words });
    expect((await update(`echo '${report.replaceAll("\\", "\\\\")}' > "$SWARM_REPORT"; exit 255`)).error)
      .to.be.instanceOf(RefusedError)
      .with.property("message", `stack lab: ${words}`);
    const mention = event({ diagnosticEvent: { severity: "error", message: `${words}\nrefusal: plan-guard\n` } });
    expect((await update(`${sending(mention)} exit 255`)).error).to.be.instanceOf(UpdateError);
  });

  it("takes events of any length, and leaves nothing of them on a disk, not even when this process is killed", async () => {
    const secret = "s3cret".repeat(1_000_000);
    const done = event({
      resOutputsEvent: {
        metadata: { urn, type: "openstack:compute/instance:Instance", op: "create", new: { outputs: { secret } } },
      },
    });
    const folder = mkdtempSync(join(tmpdir(), "swarm-test-folder-"));
    const lines = join(folder, "lines");
    writeFileSync(lines, [begun, done].join("\n"));
    const temporary = join(folder, "tmp");
    mkdirSync(temporary);
    const project = projectWith(
      `while [ "$1" != --event-log ]; do shift; done; '${process.execPath}' '${sender}' "$2" < ${lines}; echo sent; while [ -e ${lines} ]; do sleep 0.1; done`,
    );
    const program = `require(${JSON.stringify(join(__dirname, "../../../ops/update/update"))}).runUpdate({ place: { project: ${JSON.stringify(project)}, stack: "lab" }, environment: process.env, timeoutSeconds: 60, talk: (text) => process.stdout.write(text) });`;
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program], {
      cwd: join(__dirname, "../../.."),
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const left = readdirSync(temporary, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(left.filter((path) => readFileSync(path, "utf8").includes("s3cret"))).to.deep.equal([]);
    rmSync(folder, { recursive: true });
  });

  it("is interrupted by its signal", async () => {
    const { error } = await update("trap 'exit 255' INT; while :; do sleep 0.05; done", {
      signal: AbortSignal.timeout(500),
    });
    expect(error).to.be.instanceOf(UpdateError).with.property("interrupted", true);
    expect((error as Error).message).to.equal(
      "stack lab: the update was interrupted; the next one goes on where it was.",
    );
  });

  it("is interrupted once, whoever asks for it how often: a second time would make Pulumi drop what is in flight", async () => {
    const interruption = new AbortController();
    const folder = mkdtempSync(join(tmpdir(), "swarm-test-interrupt-"));
    const { project } = await update(
      `trap 'echo interrupted >> interrupts; echo heard' INT; echo ready; until [ -e ${folder}/end ]; do sleep 0.05; done; exit 255`,
      {
        signal: interruption.signal,
        talk: (text) => {
          if (text.includes("ready")) interruption.abort();
          if (!text.includes("heard") || existsSync(join(folder, "end"))) return;
          for (let time = 0; time < 2; time += 1) process.emit("SIGTERM");
          writeFileSync(join(folder, "end"), "");
        },
      },
    );
    rmSync(folder, { recursive: true });
    expect(readFileSync(join(project, "lab", "interrupts"), "utf8")).to.equal("interrupted\n");
  });

  it("takes the configuration of the last update in place of the checkout's where it is asked to, and leaves no copy", async () => {
    const { project, error } = await update(
      `echo "$*" >> args
      case "$1 $2" in "config refresh") while [ "$1" != --config-file ]; do shift; done; echo deployed > "$2" ;; up*) cat "$6" >> args; echo "$6" > path ;; esac`,
      { asDeployed: true },
    );
    expect(error).to.equal(undefined);
    const [refresh = "", up = "", config] = readFileSync(join(project, "lab", "args"), "utf8").split("\n");
    expect(refresh).to.match(/^config refresh --force --config-file \S+config\.yaml$/);
    expect(up).to.match(/^up --yes --skip-preview --non-interactive --config-file \S+config\.yaml --event-log /);
    expect(config).to.equal("deployed");
    expect(existsSync(readFileSync(join(project, "lab", "path"), "utf8").trim())).to.equal(false);
    const { error: refused } = await update(`echo "error: no previous deployment" >&2; exit 255`, { asDeployed: true });
    expect((refused as Error).message).to.equal(
      "stack lab: Pulumi cannot read the configuration of its last update; no previous deployment",
    );
  });

  it("runs under a lease where it is told to, and gives that back", async () => {
    const project = mkdtempSync(join(tmpdir(), "swarm-test-lease-"));
    mkdirSync(join(project, "toolchain"));
    writeFileSync(
      join(project, "toolchain", "toolchain"),
      `#!/bin/sh -e\ncat "$PWD"/state/.swarm/leases/"$SWARM_LEASE_NAME".json > lease\nuntil cat "$PWD"/state/.swarm/holders/prod/*.json > holder; do sleep 0.1; done; echo "$SWARM_LEASE_NAME $$" > own\n`,
      { mode: 0o755 },
    );
    for (const leased of ["true", "false"]) {
      const environment = { ...process.env, SWARM_LEASE: leased, PULUMI_BACKEND_URL: `file://${project}/state` };
      const error = await runUpdate({
        place: { project, stack: "prod" },
        environment,
        timeoutSeconds: 60,
        talk: () => undefined,
      }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (leased === "false") {
        expect(error).to.be.instanceOf(OperationError);
        continue;
      }
      expect(error).to.equal(undefined);
      expect(JSON.parse(readFileSync(join(project, "lease"), "utf8"))).to.have.property("holder", hostname());
      expect(readdirSync(join(project, "state", ".swarm", "leases"))).to.deep.equal([]);
      const holder = JSON.parse(readFileSync(join(project, "holder"), "utf8")) as { lease: string; pid: number };
      expect(readFileSync(join(project, "own"), "utf8"), "the record is of the process that becomes Pulumi").to.equal(
        `${holder.lease} ${holder.pid}\n`,
      );
    }
  });

  it("says when there is nothing to run", async () => {
    const error = await runUpdate({
      place: { project: "/nowhere", stack: "lab" },
      environment: {},
      timeoutSeconds: 1,
      talk: () => undefined,
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(OperationError);
    expect((error as Error).message).to.equal(
      "/nowhere/lab/pulumi: it cannot be run; is /nowhere a checkout of this project?",
    );
  });
});

describe("updateSeconds", () => {
  it("leaves time for every deadline of the settings", () => {
    expect(
      updateSeconds(goodSettings({ deadlines: { nodeReadyMinutes: 30, drainMinutes: 5, stackReadyMinutes: 20 } })),
    ).to.equal(85 * 60);
  });
});

describe("stackOutputs", () => {
  const read = async (script: string): Promise<unknown> =>
    stackOutputs({ project: projectWith(script), stack: "lab" }, process.env).then(
      (value) => value,
      (reason: unknown) => reason,
    );

  it("says what Pulumi said when it fails, and what to do when there is no cluster", async () => {
    expect(await read("echo SECRET; exit 1"))
      .to.be.instanceOf(OperationError)
      .with.property("message", "stack lab: Pulumi cannot read its outputs; it said nothing.");
    expect(await read(`echo "error: no stack named 'lab' found" >&2; exit 255`))
      .to.be.instanceOf(OperationError)
      .with.property("message", "stack lab: Pulumi cannot read its outputs; no stack named 'lab' found");
    expect(await read("echo '{}'"))
      .to.be.instanceOf(OperationError)
      .with.property("message", "stack lab: the stack has no cluster yet, or an older one; run `pulumi up`.");
  });
});
