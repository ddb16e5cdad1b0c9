import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openBackend } from "../../../ops/stack-state/backend";
import { bucketPlace } from "../../../ops/stack-state/backend-s3";
import { proveBackend } from "../../support/backend";

describe("openBackend", () => {
  it("gives a folder's texts by key", async () => {
    await proveBackend(`file://${mkdtempSync(join(tmpdir(), "swarm-test-backend-"))}`);
  });

  it("knows nothing of a backend that keeps its locks itself", () => {
    expect([openBackend(undefined), openBackend("https://api.example")]).to.deep.equal([undefined, undefined]);
  });
});

// what a bucket does is proven on a real object store, by the lab's tests
describe("bucketPlace", () => {
  it("reads what Pulumi reads", () => {
    expect(
      bucketPlace("s3://states?endpoint=objects.example:8080&disableSSL=true&s3ForcePathStyle=true&region=RegionOne"),
    ).to.deep.equal({
      bucket: "states",
      prefix: "",
      region: "RegionOne",
      endpoint: "http://objects.example:8080",
      forcePathStyle: true,
    });
    expect(bucketPlace("s3://states/prod/swarm?region=eu-central-1")).to.deep.equal({
      bucket: "states",
      prefix: "prod/swarm/",
      region: "eu-central-1",
      forcePathStyle: false,
    });
    expect(bucketPlace("s3://states?endpoint=objects.example").endpoint).to.equal("https://objects.example");
    expect(bucketPlace("s3://states?endpoint=http://objects.example").endpoint).to.equal("http://objects.example");
  });

  it("refuses what it does not understand, with the parameter's name", () => {
    expect(() => bucketPlace("s3://states?profile=me&disableSSL=maybe")).to.throw(
      /^PULUMI_BACKEND_URL: s3:\/\/states\?profile=me&disableSSL=maybe is not understood; [\s\S]*profile/,
    );
  });
});
