import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect } from "chai";
import { clusterNameIn, confirmDestroy } from "../../../ops/verbs/confirm-destroy";
import { messageOf } from "../../../ops/errors";

const root = join(__dirname, "..", "..", "..");

/** Asks, with an answer on a terminal, or without one. */
async function ask(answer: string | undefined, isAnswered = false): Promise<{ result: string; said: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let said = "";
  output.on("data", (data: Buffer) => {
    said += data.toString();
  });
  if (answer !== undefined) input.end(answer);
  const result = await confirmDestroy({
    stack: "prod",
    cluster: "prod-swarm-alpha",
    isAnswered,
    input: Object.assign(input, { isTTY: answer !== undefined }),
    output,
  }).then(() => "confirmed", messageOf);
  return { result, said };
}

describe("confirmDestroy", () => {
  it("names stack and cluster and asks for the cluster's name", async () => {
    const { result, said } = await ask("prod-swarm-alpha\n");
    expect(result).to.equal("confirmed");
    expect(said).to.match(
      /^Stack prod: this destroys the cluster prod-swarm-alpha with its servers, networks and addresses, and everything that runs on it\.\nType the cluster's name to continue: /,
    );
  });

  for (const [what, answer] of [
    ["the stack's name", "prod\n"],
    ["yes", "yes\n"],
    ["nothing", "\n"],
    ["a closed terminal", ""],
  ] as const) {
    it(`takes ${what} for no`, async () => {
      expect((await ask(answer)).result).to.equal(
        `${JSON.stringify(answer.trim())}: not the name of the cluster, prod-swarm-alpha. Nothing was touched.`,
      );
    });
  }

  it("refuses where nobody can be asked, and asks nobody where the answer was given", async () => {
    expect((await ask(undefined)).result).to.equal(
      "prod-swarm-alpha: standard input is no terminal, so nobody can confirm; run `make destroy STACK=prod YES=1`. Nothing was touched.",
    );
    expect(await ask(undefined, true)).to.deep.equal({
      result: "confirmed",
      said: "Stack prod: this destroys the cluster prod-swarm-alpha with its servers, networks and addresses, and everything that runs on it.\n",
    });
  });

  it("takes the cluster's name from the stack's configuration", () => {
    expect([clusterNameIn(root, "prod"), clusterNameIn(root, "lab")]).to.deep.equal(["prod-swarm-alpha", "lab"]);
    expect(() => clusterNameIn(root, "nowhere")).to.throw(/Pulumi\.nowhere\.yaml: no such file/);
  });
});

describe("make destroy", function () {
  this.timeout(120_000);

  /** Runs it with a Pulumi that says what it is asked. */
  async function destroy(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const backend = `file://${mkdtempSync(join(tmpdir(), "swarm-test-destroy-"))}`;
    const env = { ...process.env, PULUMI_BACKEND_URL: backend, OS_CLOUD: "x" };
    return new Promise((resolve) => {
      execFile(
        "make",
        [
          "--no-print-directory",
          "--old-file=node_modules",
          "destroy",
          "TOOLCHAIN=true",
          "PULUMI=echo pulumi",
          ...words,
        ],
        { cwd: root, env },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        },
      ).stdin?.end();
    });
  }

  it("does not take the default stack for one that was said", async () => {
    const { code, stdout, stderr } = await destroy();
    expect(code).to.equal(2);
    expect(stderr).to.match(
      /^STACK: not set; name the stack to destroy, e\.g\. `make destroy STACK=prod`\. Nothing was touched\.$/m,
    );
    expect(stdout).not.to.include("pulumi destroy");
  });

  it("asks for a stack that was said, and destroys it without a question with YES=1", async () => {
    const asked = await destroy("STACK=prod");
    expect([asked.code, asked.stdout.includes("--yes")]).to.deep.equal([2, false]);
    expect(asked.stderr).to.include("prod-swarm-alpha: standard input is no terminal");
    const { code, stdout, stderr } = await destroy("STACK=prod", "YES=1");
    expect([code, stderr.includes("Stack prod: this destroys the cluster prod-swarm-alpha")]).to.deep.equal([0, true]);
    expect(stdout.trimEnd().split("\n").at(-1)).to.equal(
      "pulumi destroy --stack prod --parallel 64 --run-program --yes --skip-preview",
    );
  });
});
