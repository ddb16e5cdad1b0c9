import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { OperationError } from "../../../ops/errors";
import { guardUpdate, PlanRefusedError, previewWords } from "../../../ops/guard/guard-update";
import { manager, preview, step, swarm, worker } from "../../support/plan";

const now = new Date("2026-12-01T10:00:00Z");

/** Runs the guard with a Pulumi that prints the given preview and ends with a code. */
async function guard(
  shown: unknown,
  code = 0,
  stderr = "",
): Promise<{ said: string[]; error: unknown; words: string }> {
  const folder = mkdtempSync(join(tmpdir(), "swarm-test-guard-"));
  writeFileSync(join(folder, "preview.json"), typeof shown === "string" ? shown : JSON.stringify(shown));
  writeFileSync(
    join(folder, "pulumi"),
    `#!/bin/sh\necho "$*" > ${folder}/words\ncat ${folder}/preview.json\necho '${stderr}' >&2\nexit ${code}\n`,
  );
  chmodSync(join(folder, "pulumi"), 0o755);
  const said: string[] = [];
  const environment = { ...process.env, PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` };
  const error = await guardUpdate({
    stack: "prod",
    environment,
    now,
    say: (line) => {
      said.push(line);
    },
    pid: process.pid,
  }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { said, error, words: readFileSync(join(folder, "words"), "utf8").trim() };
}

describe("guardUpdate", () => {
  it("previews the stack and lets through what is within the limits", async () => {
    const { said, error, words } = await guard(preview([swarm, manager("same", "az1")]));
    expect(error).to.equal(undefined);
    expect(words).to.equal("preview --json --show-sames --show-replacement-steps --non-interactive --stack prod");
    expect(said).to.deep.equal([
      "Plan guard: cannot find the Pulumi process that runs this update, so the plan is judged without its options.",
    ]);
  });

  it("refuses what goes beyond them, with the table and the line that allows it", async () => {
    const { error } = await guard(
      preview([swarm, manager("replace", "az1"), worker("same", "az1", 0)], {
        allow: [{ what: "lose-workers", zone: "az2", until: "2026-12-24", why: "moving out" }],
      }),
    );
    expect(error).to.be.instanceOf(PlanRefusedError);
    expect((error as Error).message).to.equal(
      [
        "the update goes beyond the limits of swarm:planGuard; nothing was touched.",
        "CHECK             WHERE    PLAN                             LIMIT               VERDICT  RESOURCES",
        "replace-managers  cluster  1 replaced                       1 in one update     within   c-manager-az1-0",
        "lose-quorum       cluster  margin -1: 0 of 1 managers stay  margin 0: 1 needed  REFUSED  c-manager-az1-0",
        `To allow it, set this in Pulumi.prod.yaml under \`config:\`, with the reason in place of each "…" (docs/runbook.md, "A plan is refused"):`,
        `  swarm:allow: [ { what: lose-workers, zone: az2, until: 2026-12-24, why: moving out }, { what: lose-quorum, until: 2026-12-02, why: … } ]`,
      ].join("\n"),
    );
  });

  it("tells what a preview says that fails", async () => {
    const failed = await guard(
      {
        ...(preview([]) as object),
        diagnostics: [
          { severity: "warning", message: "w" },
          { severity: "error", message: "error: settings.managers: 4\n" },
        ],
      },
      255,
    );
    expect(failed.error)
      .to.be.instanceOf(OperationError)
      .with.property("message", "stack prod: its preview failed; error: settings.managers: 4");
    expect((await guard("", 255, "error: no stack named prod")).error).to.have.property(
      "message",
      "stack prod: its preview failed; no stack named prod",
    );
  });

  it("says what is within its limits but worth a look", async () => {
    const { said } = await guard(
      preview([swarm, worker("delete", "az1", 0), step("same", "t", "x")], { flavorPrices: { large: 0.5 } }),
    );
    expect(said.at(-1)).to.include("lose-workers  zone az1").and.to.include("-0.5 per hour, -365 per month");
  });
});

describe("previewWords", () => {
  it("takes the update's own options, and its file of configuration from where it was called", () => {
    expect(previewWords("prod", { flags: ["--replace", "urn"], configFile: "../x.yaml" }, "/p/sub")).to.deep.equal([
      "preview",
      "--json",
      "--show-sames",
      "--show-replacement-steps",
      "--non-interactive",
      "--stack",
      "prod",
      "--config-file",
      "/p/x.yaml",
      "--replace",
      "urn",
    ]);
  });
});
