import { expect } from "chai";
import { whyAccepted } from "../../toolchain/surface/accepted";
import { differences, format } from "../../toolchain/surface/compare";
import { readSchema } from "../../toolchain/surface/schema";
import type { Property, Surface } from "../../toolchain/surface/surface";

function property(type: string, more: Partial<Property> = {}): Property {
  return { type, required: true, secret: false, deprecated: false, ...more };
}

function surface(inputs: Readonly<Record<string, Property>>): Surface {
  return { resources: { "p:m:R": { inputs, outputs: {} } }, functions: {} };
}

describe("differences between surfaces", () => {
  const sdk = surface({ name: property("string"), size: property("number", { required: false }) });

  it("are none where both are the same", () => {
    expect(differences(sdk, sdk)).to.deep.equal([]);
  });

  const rows: readonly (readonly [string, Surface, string])[] = [
    [
      "a missing property",
      surface({ name: property("string") }),
      "p:m:R input size: the SDK has number, optional, the plugin absent",
    ],
    [
      "another type",
      surface({ ...sdk.resources["p:m:R"]?.inputs, name: property("string[]") }),
      "p:m:R input name: the SDK has string, the plugin string[]",
    ],
    [
      "a lost secret",
      surface({ ...sdk.resources["p:m:R"]?.inputs, name: property("string", { secret: true }) }),
      "p:m:R input name: the SDK has string, the plugin string, secret",
    ],
    ["a missing resource", { resources: {}, functions: {} }, "p:m:R: the SDK has present, the plugin absent"],
  ];
  for (const [what, plugin, told] of rows) {
    it(`tell of ${what}`, () => {
      expect(differences(sdk, plugin).map(format)).to.deep.equal([told]);
      expect(differences(sdk, plugin).map(whyAccepted)).to.deep.equal([undefined]);
    });
  }

  it("leave out what the stand-in does not serve", () => {
    expect(differences(sdk, { resources: {}, functions: {} }, ["p:m:Other"])).to.deep.equal([]);
  });

  it("do not depend on the names of nested types", () => {
    const schema = readSchema({
      name: "p",
      resources: {
        "p:m:R": { inputProperties: { rule: { $ref: "#/types/p:m%2FrRule:Rule" } }, requiredInputs: ["rule"] },
      },
      types: {
        "p:m/rRule:Rule": {
          properties: { port: { type: "integer" }, tags: { type: "array", items: { type: "string" } } },
          required: ["port"],
        },
      },
    });
    expect(schema.resources["p:m:R"]?.inputs["rule"]?.type).to.equal("{ port: number; tags?: string[] }");
  });
});
