import { expect } from "chai";
import { readAccess, readText } from "../../../ops/verbs/verb-input";

describe("the input of a verb", () => {
  it("is named when it is missing", () => {
    expect(() => readText({}, "SWARM_SPEC")).to.throw("SWARM_SPEC: not in the environment; the program sets it.");
  });

  it("is checked", () => {
    expect(() => readAccess({ SWARM_ACCESS: `{"user":"x"}` })).to.throw(/^SWARM_ACCESS: .*privateKey/s);
  });
});
