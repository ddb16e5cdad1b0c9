import { expect } from "chai";
import type { DockerNode } from "../../../ops/connection/docker";
import { filesInUse, forgetFiles, makeFiles, stackFiles } from "../../../ops/swarm/stack-files";

const compose = `
services:
  one: {image: "a:1", configs: [{source: rules, target: /rules}], secrets: [hook]}
configs:
  rules: {content: "a: 1"}
  other: {external: true}
secrets:
  hook: {environment: HOOK}
`;
const [rules, hook] = ["metrics_rules-da4aeec1d8e2", "metrics_hook-2bb80d537b1d"];

describe("stackFiles", () => {
  it("leaves a compose file without any as it is", () => {
    expect(stackFiles("demo", "services: {}", {})).to.deep.equal({ compose: "services: {}", files: [] });
  });

  it("names a file by its content, and tells Docker that it is there", () => {
    const { compose: told, files } = stackFiles("metrics", compose, { HOOK: "secret" });
    expect(files.map(({ kind, content }) => [kind, content])).to.deep.equal([
      ["configs", "a: 1"],
      ["secrets", "secret"],
    ]);
    expect(files.map(({ name }) => name.replace(/[0-9a-f]{12}$/, ""))).to.deep.equal([
      "metrics_rules-",
      "metrics_hook-",
    ]);
    for (const { name } of files) expect(told).to.include(`name: ${name}\n    external: true`);
    expect(told).not.to.include("content").and.not.to.include("environment");
    expect(stackFiles("metrics", compose.replace("a: 1", "a: 2"), { HOOK: "secret" }).files[0]?.name).not.to.equal(
      files[0]?.name,
    );
    expect(stackFiles("metrics", compose, { HOOK: "secret" }).files).to.deep.equal(files);
  });

  it("names a secret that is missing", () => {
    expect(() => stackFiles("metrics", compose, {})).to.throw(
      "stack metrics: HOOK: not in the environment; the program sets it.",
    );
  });
});

/** A manager that has configs and secrets, and a service that uses and would use some. */
class FakeDocker {
  readonly made: unknown[] = [];
  readonly removed: string[] = [];
  readonly node = {
    api: {
      listConfigs: () =>
        Promise.resolve([
          { ID: "used", Spec: { Name: rules } },
          { ID: "before", Spec: { Name: "b" } },
          { ID: "old", Spec: { Name: "c" } },
        ]),
      listSecrets: () => Promise.resolve([{ ID: "old-secret", Spec: { Name: `${hook}-longer` } }]),
      listServices: () =>
        Promise.resolve([
          {
            Spec: { TaskTemplate: { ContainerSpec: { Configs: [{ ConfigID: "used" }] } } },
            PreviousSpec: { TaskTemplate: { ContainerSpec: { Configs: [{ ConfigID: "before" }] } } },
          },
        ]),
      createConfig: (spec: unknown) => {
        this.made.push(spec);
        return Promise.resolve();
      },
      createSecret: (spec: unknown) => {
        this.made.push(spec);
        return Promise.resolve();
      },
      getConfig: (id: string) => ({
        remove: () => {
          this.removed.push(id);
          return Promise.resolve();
        },
      }),
      getSecret: (id: string) => ({
        remove: () => {
          this.removed.push(id);
          return Promise.resolve();
        },
      }),
    },
  } as unknown as DockerNode;
}

describe("the files of a stack", () => {
  it("are made where they are not there, with the stack's label", async () => {
    const docker = new FakeDocker();
    await makeFiles(docker.node, "metrics", [
      { kind: "configs", name: rules, content: "a" },
      { kind: "secrets", name: hook, content: "secret" },
    ]);
    expect(docker.made).to.deep.equal([
      {
        Name: hook,
        Labels: { "com.docker.stack.namespace": "metrics" },
        Data: Buffer.from("secret").toString("base64"),
      },
    ]);
  });

  it("go when no service uses them or could be rolled back to them", async () => {
    const docker = new FakeDocker();
    await forgetFiles(docker.node, "metrics");
    expect(docker.removed).to.deep.equal(["old", "old-secret"]);
  });

  it("of services without any are none", () => {
    expect([...filesInUse([{}, { Spec: {} }])]).to.deep.equal([]);
  });
});
