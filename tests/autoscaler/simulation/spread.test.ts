import { expect } from "chai";
import { spread } from "../../../autoscaler/simulation/spread";

describe("spread", () => {
  const rows: readonly (readonly [string, readonly number[], number, readonly number[], number])[] = [
    ["gives to the least laden first", [3, 0, 1], 7, [3, 2, 2], 0],
    ["fills every node and returns the rest", [0, 0], 9, [4, 4], 1],
    ["takes from the most laden", [4, 1, 2], 4, [1, 1, 2], 0],
    ["has nowhere to place without nodes", [], 3, [], 3],
  ];
  for (const [what, before, wanted, after, left] of rows) {
    it(what, () => {
      const nodes = before.map((tasks) => ({ tasks }));
      expect([spread(nodes, wanted, 4), nodes.map(({ tasks }) => tasks)]).to.deep.equal([left, after]);
    });
  }
});
