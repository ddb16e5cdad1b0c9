import { expect } from "chai";
import { SwarmTarget } from "../../../../autoscaler/loop/adapters/swarm-target";
import { OperationError } from "../../../../ops/errors";
import { Pending } from "../../../../ops/wait";
import { outputsOf } from "../../../support/swarm";

/** The names of a cluster's managers in the order in which they are asked. */
async function orderFor(self: string | undefined): Promise<string[]> {
  const { access } = outputsOf("test", { az1: [0] });
  let asked: string[] = [];
  const target = new SwarmTarget(self, async ({ managers }) => {
    asked = managers.map(({ name }) => name);
    return Promise.resolve(new Pending("nobody answers"));
  });
  const error = await target.view(access).catch((cause: unknown) => cause);
  expect(error).to.be.instanceOf(OperationError);
  return asked;
}

describe("SwarmTarget", () => {
  it("asks the manager that it runs beside first, and the others in their order", async () => {
    const usual = await orderFor(undefined);
    const [first = "", second = "", third = ""] = usual;
    expect(usual).to.have.length(3);
    expect(await orderFor(second)).to.deep.equal([second, first, third]);
    expect(await orderFor(third)).to.deep.equal([third, first, second]);
    expect(await orderFor("a manager of yesterday")).to.deep.equal(usual);
  });
});
