import { expect } from "chai";
import { z } from "zod";
import { fieldsOf, mapsIn, unitOf } from "../../settings/fields";
import { fields, integer, list } from "../../settings/values";

const limits = fields({
  seconds: integer(1, 60, "seconds").default(5).describe("How long."),
  name: z.string().optional().describe("Of what."),
});

describe("fields", () => {
  const allowedBy = (schema: z.ZodType): string => schema.safeParse(1).error?.issues[0]?.message ?? "";

  it("says which keys are allowed, and which of them are required", () => {
    const required = integer(0, 9, "workers");
    expect(allowedBy(limits)).to.equal("use {seconds, name}");
    expect(allowedBy(fields({ min: required, name: z.string().optional() }))).to.equal(
      "use {min, name}, of which min is required",
    );
    expect(allowedBy(fields({ min: required, max: required, name: z.string().optional() }))).to.equal(
      "use {min, max, name}, of which min and max are required",
    );
    expect(allowedBy(fields({ min: required, max: required }))).to.equal("use {min, max}, all of them required");
    expect(allowedBy(fields({ a: z.string().optional() }, ", each a name"))).to.equal("use {a}, each a name");
  });
});

describe("fieldsOf", () => {
  it("reads names, descriptions, defaults and units, through defaults and optionality", () => {
    const found = fieldsOf(limits.optional()).map(({ schema, ...field }) => ({ ...field, unit: unitOf(schema) }));
    expect(found).to.deep.equal([
      { name: "seconds", description: "How long.", required: false, fallback: 5, unit: "seconds" },
      { name: "name", description: "Of what.", required: false, fallback: undefined, unit: undefined },
    ]);
  });

  it("reads none of a value that is no map", () => {
    expect(fieldsOf(z.string())).to.deep.equal([]);
  });
});

describe("mapsIn", () => {
  it("finds maps within maps of names and lists", () => {
    expect(mapsIn(z.record(z.string(), list(limits, "limits")).default({}))).to.deep.equal([
      { at: ".<name>.<n>", map: limits },
    ]);
    expect(mapsIn(z.record(z.string(), z.string()))).to.deep.equal([]);
  });
});
