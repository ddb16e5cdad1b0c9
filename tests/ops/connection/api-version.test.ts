import { expect } from "chai";
import { commonApiVersion, compareApiVersions } from "../../../ops/connection/api-version";

const message = (action: () => string): string => {
  try {
    return action();
  } catch (error) {
    return String(error);
  }
};

describe("commonApiVersion", () => {
  // what each line of engines offers: https://docs.docker.com/reference/api/engine/#api-version-matrix
  const engines: readonly (readonly [string, string, string, string])[] = [
    ["Docker 20.10", "1.12", "1.41", "1.41"],
    ["Docker 26.1 of Debian 13", "1.24", "1.45", "1.45"],
    ["Docker 28.5", "1.24", "1.51", "1.51"],
    ["Docker 29.1, which refuses what is older than 1.44", "1.44", "1.52", "1.52"],
    ["Docker 29.8, which takes 1.40 again", "1.40", "1.56", "1.56"],
    ["a newer one", "1.44", "1.99", "1.56"],
  ];
  for (const [name, oldest, newest, expected] of engines) {
    it(`speaks ${expected} with ${name}`, () => {
      expect(commonApiVersion("one", { oldest, newest })).to.equal(expected);
    });
  }

  it("refuses an engine that is too old", () => {
    expect(message(() => commonApiVersion("one", { oldest: "1.12", newest: "1.40" }))).to.equal(
      "OperationError: one: its Docker Engine speaks API 1.12 to 1.40, this program 1.41 to 1.56; use a version of Docker from 20.10 on.",
    );
  });

  it("refuses an engine that is too new", () => {
    expect(message(() => commonApiVersion("one", { oldest: "1.57", newest: "2.0" }))).to.equal(
      "OperationError: one: its Docker Engine speaks API 1.57 to 2.0, this program 1.41 to 1.56; use a version of Docker that this program knows, or a newer release of this program.",
    );
  });

  it("refuses what is no version", () => {
    expect(message(() => commonApiVersion("one", { oldest: "1.24", newest: "" }))).to.equal(
      `OperationError: Docker's API version: "" is not a version; allowed are two numbers, e.g. "1.45".`,
    );
  });
});

describe("compareApiVersions", () => {
  it("compares numbers, not text", () => {
    expect(compareApiVersions("1.9", "1.41")).to.be.lessThan(0);
  });
});
