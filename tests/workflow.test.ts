import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";

interface Job {
  readonly if?: string;
  readonly environment?: string;
  readonly needs?: string;
  readonly permissions?: Record<string, string>;
  readonly "timeout-minutes"?: number;
  readonly env?: Record<string, string>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}
interface Workflow {
  readonly on: unknown;
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

const root = join(__dirname, "..");
const workflow = parse(readFileSync(join(root, ".github", "workflows", "pull-request.yml"), "utf8")) as Workflow;

describe("the workflow of a pull request", () => {
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it("takes actions of others by their digest, and ends", () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    for (const job of Object.values(workflow.jobs)) expect(job["timeout-minutes"]).to.be.a("number");
  });

  it("may read, and only a job that runs nothing of the request may comment", () => {
    expect([workflow.on, workflow.permissions]).to.deep.equal(["pull_request", { contents: "read" }]);
    const writers = Object.entries(workflow.jobs).filter(([, { permissions = {} }]) =>
      Object.values(permissions).includes("write"),
    );
    expect(writers.map(([name, { permissions, needs }]) => [name, permissions, needs])).to.deep.equal([
      ["comment", { "pull-requests": "write" }, "preview"],
    ]);
    for (const [, job] of writers) {
      for (const { uses, run = "" } of job.steps)
        expect(`${uses ?? ""}${run}`).to.match(/^(actions\/download-artifact@|gh pr comment )/);
    }
  });

  it("gives secrets of production to no job but the one that waits for a reviewer, and to none of a fork's", () => {
    const withSecrets = Object.entries(workflow.jobs).filter(([, job]) => JSON.stringify(job).includes("secrets."));
    expect(withSecrets.map(([name, { environment, if: condition }]) => [name, environment, condition])).to.deep.equal([
      ["preview", "preview", "github.event.pull_request.head.repo.full_name == github.repository"],
    ]);
    // what `npm ci` runs needs none
    for (const job of Object.values(workflow.jobs)) expect(JSON.stringify(job.env ?? {})).not.to.include("secrets.");
  });

  it("puts nothing of the request's author into a command line", () => {
    const expressions = steps.flatMap(({ run = "" }) =>
      [...run.matchAll(/\$\{\{\s*(.+?)\s*\}\}/g)].map(([, expression]) => expression),
    );
    expect(expressions).to.deep.equal(["github.event.pull_request.number"]);
  });

  it("runs no program that it fetches without a sum: its Pulumi is the one that the project builds", () => {
    for (const { run = "" } of steps) expect(run).not.to.match(/curl|wget|\|\s*(ba|da)?sh\b/);
    expect(workflow.jobs["preview"]?.env).to.include({ SWARM_TOOLCHAIN: "build" });
    const calls = steps.flatMap(({ run = "" }) => run.split("\n")).filter((line) => /\bpulumi /.test(line));
    expect(calls).to.have.length(2);
    for (const call of calls) expect(call.trim()).to.match(/^toolchain\/toolchain exec pulumi preview /);
  });
});
