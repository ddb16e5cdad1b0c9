import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proveOneName } from "../../support/one-name";

describe("two containers with one host name", function () {
  this.timeout(120_000);

  it("keep their hands off each other's live locks in a backend of files", async () => {
    await proveOneName(`file://${mkdtempSync(join(tmpdir(), "swarm-test-one-name-"))}`);
  });
});
