import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, realpathSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { findPulumi, parsePs, type RunningProgram } from "../../../ops/pulumi/ancestor";

describe("findPulumi", () => {
  const lookup =
    (programs: Readonly<Record<number, RunningProgram>>) =>
    async (pid: number): Promise<RunningProgram | undefined> =>
      Promise.resolve(programs[pid]);

  it("goes up from the program over the language host", async () => {
    const programs = {
      30: { parent: 20, words: ["/usr/bin/node", "run.js"] },
      20: { parent: 10, words: ["/home/bin/pulumi-language-nodejs", "127.0.0.1:1"] },
      10: { parent: 1, words: ["pulumi", "up", "--yes"], folder: "/p", executable: "/home/bin/pulumi-1.2" },
    };
    expect(await findPulumi(30, lookup(programs))).to.deep.equal({
      pid: 10,
      executable: "/home/bin/pulumi-1.2",
      words: ["up", "--yes"],
      folder: "/p",
    });
  });

  it("knows a script by its interpreter", async () => {
    const script = { parent: 1, words: ["/bin/sh", "bin/pulumi", "up"], folder: "/opt", executable: "/usr/bin/dash" };
    expect(await findPulumi(10, lookup({ 10: script }))).to.deep.equal({
      pid: 10,
      executable: "/opt/bin/pulumi",
      words: ["up"],
      folder: "/opt",
    });
  });

  it("takes the one on PATH where the system does not tell its file", async () => {
    expect(await findPulumi(10, lookup({ 10: { parent: 1, words: ["pulumi", "up"] } }))).to.deep.equal({
      pid: 10,
      executable: "pulumi",
      words: ["up"],
    });
  });

  it("finds none where there is none, where a process is gone, and in a ring", async () => {
    expect(await findPulumi(10, lookup({ 10: { parent: 1, words: ["mocha"] } }))).to.equal(undefined);
    expect(await findPulumi(10, lookup({ 10: { parent: 9, words: ["sh"] } }))).to.equal(undefined);
    expect(await findPulumi(10, lookup({ 10: { parent: 10, words: ["sh", "-c", "pulumi up"] } }))).to.equal(undefined);
  });

  it("reads a process of this machine, its words, its folder and its file, also one that was removed", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "swarm-test-ancestor-")));
    copyFileSync("/bin/sh", join(folder, "pulumi"));
    const child = spawn(
      join(folder, "pulumi"),
      ["-c", "echo ready; sleep 60 & echo $!; wait", "up", "--target", "a b"],
      { cwd: folder, stdio: ["ignore", "pipe", "ignore"], detached: true },
    );
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const [more] = said.toString().includes("\n", 6) ? [""] : ((await once(child.stdout, "data")) as [Buffer]);
    const inner = Number(/\d+/.exec(`${said.toString()}${more.toString()}`)?.[0]);
    const expected = {
      pid: child.pid,
      executable: join(folder, "pulumi"),
      words: ["-c", "echo ready; sleep 60 & echo $!; wait", "up", "--target", "a b"],
      folder,
    };
    expect(await findPulumi(inner)).to.deep.equal(expected);
    unlinkSync(join(folder, "pulumi"));
    const { executable = "" } = (await findPulumi(inner)) ?? {};
    expect(await promisify(execFile)(executable, ["-c", "echo same"])).to.have.property("stdout", "same\n");
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await once(child, "close");
  });
});

describe("parsePs", () => {
  it("reads the parent and the words", () => {
    expect(parsePs("  412 /usr/local/bin/pulumi up --yes\n")).to.deep.equal({
      parent: 412,
      words: ["/usr/local/bin/pulumi", "up", "--yes"],
      executable: "/usr/local/bin/pulumi",
    });
    expect(parsePs("  412 pulumi up\n")).to.deep.equal({ parent: 412, words: ["pulumi", "up"] });
    expect(parsePs("")).to.equal(undefined);
  });
});
