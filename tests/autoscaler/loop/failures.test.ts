import { expect } from "chai";
import { failuresOf } from "../../../autoscaler/loop/failures";
import { outputsOf } from "../../support/swarm";

const outputs = outputsOf("test", { az1: [0] });
const step = (resource: string, error?: string, op = "create") => ({
  resource,
  type: "T",
  op,
  begunAt: 1,
  ...(error === undefined ? {} : { error }),
});

describe("failuresOf", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    [
      "Nova's quota",
      `got 403 instead {"forbidden": {"code": 403, "message": "Quota exceeded for cores: Requested 2, but already used 20 of 20 cores"}}`,
      "quota",
    ],
    ["Nova's quota of a server group", "Quota exceeded, too many servers in group", "quota"],
    [
      "Neutron's quota",
      `got 409 instead {"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: ['port']."}}`,
      "quota",
    ],
    [
      "a unified limit",
      `got 403 instead {"forbidden": {"code": 403, "message": "Project 4711 is over a limit for [Resource class:VCPU is over limit of 20 due to current usage 20 and delta 2]"}}`,
      "quota",
    ],
    ["Neutron's quota as Nova tells it", "got 403 instead: Maximum number of ports exceeded", "quota"],
    [
      "no host",
      "No valid host was found. There are not enough hosts available. (Error waiting for instance (…) to become ready)",
      "no-valid-host",
    ],
    ["a join that did not come", "test-worker-az2-3: it did not join.", "boot"],
    ["anything else", "", "boot"],
  ];
  for (const [what, said, kind] of rows) {
    it(`takes ${what} for ${kind}`, () => {
      const [failure, ...rest] = failuresOf([step("test-workers-az2-3-server", said)], outputs, 7);
      expect(rest).to.deep.equal([]);
      expect(failure).to.deep.include({ kind, nodes: [{ group: "az2", ordinal: 3 }], at: 7 });
      expect(failure?.zone).to.equal(kind === "quota" ? undefined : "az2");
    });
  }

  it("makes one of nodes that failed alike in a zone, and none of what is no worker's or was taken away", () => {
    const steps = [
      step("test-workers-az1-1-server", "no valid host"),
      step("test-workers-az1-2-server", "no valid host"),
      step("test-workers-az1-2-port"),
      step("test-workers-az1-membership-2", "no valid host"),
      step("test-workers-az2-1-server", "no valid host"),
      step("test-traefik-deploy", "it does not run"),
      step("test-workers-az3-0-server", "refused", "delete"),
    ];
    expect(
      failuresOf(steps, outputs, 7).map(({ zone, nodes }) => [zone, nodes.map(({ ordinal }) => ordinal)]),
    ).to.deep.equal([
      ["az1", [1, 2]],
      ["az2", [1]],
    ]);
  });
});
