import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";

interface Job { readonly if?: string; readonly permissions?: Record<string, string>; readonly "timeout-minutes"?: number; readonly steps: readonly { readonly uses?: string; readonly run?: string }[] }
interface Workflow { readonly on: unknown; readonly permissions: Record<string, string>; readonly env: Record<string, string>; readonly jobs: Record<string, Job> }

const root = join(__dirname, "..");
const workflow = parse(readFileSync(join(root, ".github", "workflows", "pull-request.yml"), "utf8")) as Workflow;

describe("the workflow of a pull request", () => {
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it("takes actions of others by their digest, and ends", () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    for (const job of Object.values(workflow.jobs)) expect(job["timeout-minutes"]).to.be.a("number");
  });

  it("may read, and comment where it has secrets, which a fork's has not", () => {
    expect([workflow.on, workflow.permissions]).to.deep.equal(["pull_request", { contents: "read" }]);
    const withMore = Object.entries(workflow.jobs).filter(([, { permissions }]) => permissions !== undefined);
    expect(withMore.map(([name, { permissions, if: condition }]) => [name, permissions, condition])).to.deep.equal([
      ["preview", { "contents": "read", "pull-requests": "write" }, "github.event.pull_request.head.repo.full_name == github.repository"],
    ]);
  });

  it("puts nothing of the request's author into a command line", () => {
    const expressions = steps.flatMap(({ run = "" }) => [...run.matchAll(/\$\{\{\s*(.+?)\s*\}\}/g)].map(([, expression]) => expression));
    expect(expressions).to.deep.equal(["github.event.pull_request.number"]);
  });

  it("uses the Pulumi that the project is made for", () => {
    const version = /^PULUMI_VERSION=v?(\S+)$/m.exec(readFileSync(join(root, "toolchain", "versions.env"), "utf8"))?.[1];
    expect(workflow.env["PULUMI_VERSION"]).to.equal(version);
  });
});
