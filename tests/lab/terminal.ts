import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { logFolder } from "./support/run";
import type { LabStack } from "./support/stack";
import { inTerminal } from "./support/swarmctl";

/**
 * What a verb of swarmctl ends with in a terminal, and what it shows. `node replace` and `cluster rollout` have a test
 * of their own.
 */
const sessions: readonly (readonly [words: string, code: number, shows: RegExp, interruptAfter?: RegExp])[] = [
  ["cluster list", 0, /lab\b/],
  ["cluster status lab --stack=lab", 0, /lab-manager-az1-0/],
  ["cluster status lab --stack=lab --json", 0, /"healthy": true/],
  ["cluster status lab --stack=lab --watch", 0, /lab-worker-az3-0/, /lab-worker-az3-0/],
  ["node ls --stack=lab", 0, /lab-worker-az2-0/],
  ["node drain lab-worker-az2-0 --stack=lab", 0, /lab-worker-az2-0: drained; `swarmctl node activate/],
  ["node drain lab-worker-az2-0 --stack=lab", 0, /was drained already/],
  ["node activate lab-worker-az2-0 --stack=lab", 0, /lab-worker-az2-0/],
  ["cluster update lab --stack=lab --autoscale-max-nodes=5 --dry-run", 0, /nothing was written/],
  ["autoscaler explain lab --stack=lab", 0, /quorum/],
  ["autoscaler run lab --stack=lab --once --dry-run", 0, /"verdict":"/],
  ["autoscaler simulate tests/autoscaler/simulation/traces/daily.csv lab --stack=lab", 0, /workers/],
  ["completion bash", 0, /complete /],
  ["--help", 0, /cluster/],
  // bad input: what was wrong, what is allowed, and nothing touched
  [
    "cluster status elsewhere --stack=lab",
    2,
    /cluster "elsewhere" of stack "lab": not known; known are .*lab \(stack lab\)/,
  ],
  ["cluster update lab --stack=lab --autoscale-cpu-threshold=175", 2, /autoscale\.cpuThreshold: 175 .*1 to 100/],
  ["cluster update lab --stack=lab --autoscale-max-nodes=many", 2, /--autoscale-max-nodes/],
  ["node drain lab-worker-az9-0 --stack=lab", 2, /lab-worker-az9-0/],
  ["node drain nobody", 2, /node "nobody": of no known cluster/],
  ["autoscaler simulate nowhere.csv lab --stack=lab", 2, /nowhere\.csv: cannot be read/],
  ["autoscaler run lab --stack=lab --interval=0", 2, /--interval: 0/],
  ["cluster sttus", 2, /status/],
];

/**
 * Registers the proof of swarmctl as a person meets it: its own program, in a terminal. The cluster is well and has an
 * autoscaler.
 */
export function terminal(cluster: LabStack): void {
  it("answers a person by every verb of swarmctl, in a terminal, on good and bad input", async () => {
    const faults: string[] = [];
    for (const [index, [words, code, shows, interruptAfter]] of sessions.entries()) {
      const session = await inTerminal(cluster, words.split(" "), interruptAfter);
      writeFileSync(
        join(logFolder, `terminal-${String(index).padStart(2, "0")}.log`),
        `$ swarmctl ${words}\n${session.screen}\n(${String(session.code)})\n`,
      );
      const plain = session.screen.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r", "");
      if (session.code !== code || !shows.test(plain))
        faults.push(
          `swarmctl ${words}: ended with ${String(session.code)}, meant was ${code} and ${String(shows)}; it showed\n${plain.slice(-2000)}`,
        );
    }
    expect(faults.join("\n\n")).to.equal("");
  });
}
