import { expect } from "chai";
import { previewTable } from "../../ops/preview";

const server = (op: string, name: string, zone: string): unknown => {
  const state = { type: "openstack:compute/instance:Instance", inputs: { name, availabilityZone: zone } };
  return { op, urn: `u::${name}`, ...(op === "delete" ? { oldState: state } : { newState: state }) };
};

describe("previewTable", () => {
  it("names the nodes of each zone that a change touches", () => {
    const table = previewTable({
      steps: [
        server("create", "c-worker-az2-1", "az2"), server("delete", "c-worker-az1-3", "az1"), server("same", "c-worker-az3-0", "az3"),
        server("create", "c-worker-az2-0", "az2"), { op: "update", urn: "u", newState: { type: "openstack:networking/port:Port", inputs: {} } },
      ],
      changeSummary: { create: 2, delete: 1, same: 60, update: 1, replace: 0 },
    });
    expect(table).to.equal([
      "Resources: 2 create, 1 delete, 60 same, 1 update.", "",
      "| zone | added | removed | changed | replaced |", "|---|---|---|---|---|",
      "| az1 |  | `c-worker-az1-3` |  |  |", "| az2 | `c-worker-az2-0`, `c-worker-az2-1` |  |  |  |", "",
    ].join("\n"));
  });

  it("says that no node is touched", () => {
    expect(previewTable({ steps: [], changeSummary: { same: 64 } })).to.equal("Resources: 64 same.\n\nNo node is added, removed, changed or replaced.\n");
  });
});
