import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { files } from "../../cloudinit/files";

const timeout = `{"message":"Timeout was reached before node joined. The attempt to join the swarm will continue in the background."}`;
const already = `{"message":"This node is already part of a swarm."}`;

/** Answers as Docker's, one a line and in order, by the last part of the address that is asked. */
interface Docker {
  readonly join: readonly string[];
  readonly info?: readonly string[];
}

/**
 * Runs the script against a Docker that gives these answers; hands over what it asked, in order, and whether the token
 * is gone.
 */
function run(docker: Docker): { asked: string[]; tokenLeft: boolean } {
  const folder = mkdtempSync(join(tmpdir(), "swarm-join-"));
  try {
    const [bin, script] = [join(folder, "curl"), join(folder, "swarm-join")];
    for (const [path, answers] of Object.entries({ join: docker.join, info: docker.info ?? [] }))
      writeFileSync(join(folder, path), answers.map((line) => `${line}\n`).join(""));
    writeFileSync(
      join(folder, "node.env"),
      `ADDRESS=10.20.0.12\nMANAGERS="10.20.0.10 10.20.0.11 10.20.0.12"\nMTU=1450\n`,
    );
    writeFileSync(join(folder, "join-token"), "SWMTKN-1");
    // the answers that have been given are taken off the list
    writeFileSync(
      bin,
      `#!/bin/sh\nfor last; do :; done\nname=\${last##*/}; echo "$name" >>${folder}/asked\nhead -n 1 "${folder}/$name" 2>/dev/null; sed -i 1d "${folder}/$name" 2>/dev/null; true\n`,
    );
    writeFileSync(join(folder, "sleep"), "#!/bin/sh\n");
    writeFileSync(script, files.join.replaceAll("/etc/swarm", folder));
    for (const program of [bin, join(folder, "sleep")]) chmodSync(program, 0o755);
    execFileSync("sh", [script], { env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` }, timeout: 10_000 });
    return {
      asked: readFileSync(join(folder, "asked"), "utf8").trim().split("\n"),
      tokenLeft: existsSync(join(folder, "join-token")),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("swarm-join", () => {
  const rows: readonly (readonly [string, Docker, readonly string[]])[] = [
    ["joins through the first manager", { join: [""] }, ["join"]],
    [
      "joins through another manager where the first does not take it",
      { join: [`{"message":"no leader"}`, ""] },
      ["join", "join"],
    ],
    [
      "waits for a join that Docker goes on with",
      { join: [timeout], info: [`{"LocalNodeState":"pending"}`, "", `{"LocalNodeState":"active"}`] },
      ["join", "info", "info", "info"],
    ],
    [
      "is done where it is part of the swarm",
      { join: [already], info: [`{"LocalNodeState":"active"}`] },
      ["join", "info"],
    ],
    [
      "leaves and joins anew where its join failed later",
      { join: [timeout, ""], info: [`{"LocalNodeState":"pending"}`, `{"LocalNodeState":"error"}`] },
      ["join", "info", "info", "leave?force=true", "join"],
    ],
  ];
  for (const [what, docker, asked] of rows) {
    it(what, () => {
      expect(run(docker)).to.deep.equal({ asked, tokenLeft: false });
    });
  }
});
