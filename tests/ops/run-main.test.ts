import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";

const module = join(__dirname, "..", "..", "ops", "run-main");

async function run(main: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = `require(${JSON.stringify(module)}).runMain("ops: x", ${main});`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--require", "tsx/cjs", "-e", program],
      { cwd: join(__dirname, "..", "..") },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe("runMain", function () {
  this.timeout(60_000);

  it("ends with the code that the program returns, whatever is still open", async () => {
    expect(
      await run(`async () => { process.stdout.write("data"); setInterval(() => {}, 1000); return 3; }`),
    ).to.deep.equal({ code: 3, stdout: "data", stderr: "" });
    expect((await run("async () => 0")).code).to.equal(0);
  });

  it("fails where the program never says that it is done", async () => {
    expect(await run("() => new Promise(() => {})")).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: "ops: x: ended before it was done; this is a bug.\n",
    });
  });

  it("fails where it throws", async () => {
    expect((await run(`async () => { throw new Error("no"); }`)).code).to.equal(1);
  });
});
