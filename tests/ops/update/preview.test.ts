import { expect } from "chai";
import { OperationError } from "../../../ops/errors";
import { judgement, previewTable } from "../../../ops/update/preview";
import { manager, preview, swarm, worker } from "../../support/plan";

const now = new Date("2026-12-01T10:00:00Z");

const server = (op: string, name: string, zone: string): unknown => {
  const state = { type: "openstack:compute/instance:Instance", inputs: { name, availabilityZone: zone } };
  return { op, urn: `u::${name}`, ...(op === "delete" ? { oldState: state } : { newState: state }) };
};

describe("previewTable", () => {
  it("names the nodes of each zone that a change touches", () => {
    const table = previewTable(
      {
        steps: [
          server("create", "c-worker-az2-1", "az2"),
          server("delete", "c-worker-az1-3", "az1"),
          server("same", "c-worker-az3-0", "az3"),
          server("create", "c-worker-az2-0", "az2"),
          { op: "update", urn: "u", newState: { type: "openstack:networking/port:Port", inputs: {} } },
        ],
        changeSummary: { create: 2, delete: 1, same: 60, update: 1, replace: 0 },
      },
      now,
    );
    expect(table).to.equal(
      [
        "Resources: 2 create, 1 delete, 60 same, 1 update.",
        "",
        "| zone | added | removed | changed | replaced |",
        "|---|---|---|---|---|",
        "| az1 |  | `c-worker-az1-3` |  |  |",
        "| az2 | `c-worker-az2-0`, `c-worker-az2-1` |  |  |  |",
        "",
        "Plan guard: within its limits.",
        "",
      ].join("\n"),
    );
  });

  it("says that no node is touched", () => {
    expect(previewTable({ steps: [], changeSummary: { same: 64 } }, now)).to.equal(
      "Resources: 64 same.\n\nNo node is added, removed, changed or replaced.\n\nPlan guard: within its limits.\n",
    );
  });

  it("has the verdict of the guard, with the line that would allow what is refused", () => {
    expect(previewTable(preview([swarm, manager("replace", "az1")]), now))
      .to.include(
        [
          "Plan guard: **beyond its limits, an update would be refused**.",
          "",
          "| CHECK | WHERE | PLAN | LIMIT | VERDICT | RESOURCES |",
          "| --- | --- | --- | --- | --- | --- |",
          "| replace-managers | cluster | 1 replaced | 1 in one update | within | c-manager-az1-0 |",
          "| lose-quorum | cluster | margin -1: 0 of 1 managers stay | margin 0: 1 needed | REFUSED | c-manager-az1-0 |",
          "",
          "```yaml",
        ].join("\n"),
      )
      .and.to.include("{ what: lose-quorum, until: 2026-12-02, why: … }");
  });
});

describe("judgement", () => {
  it("fails where an update would be refused", () => {
    expect(judgement(preview([swarm, manager("same", "az1")]), now)).to.equal("plan: nothing that has a limit.");
    expect(judgement(preview([swarm, worker("delete", "az1", 0)]), now)).to.match(
      /lose-workers +zone az1 +1 of 1 workers/,
    );
    expect(() => judgement(preview([swarm, manager("replace", "az1")]), now)).to.throw(
      OperationError,
      /^plan: beyond the limits of swarm:planGuard, an update would be refused\.\n[^]*lose-quorum/,
    );
  });
});
