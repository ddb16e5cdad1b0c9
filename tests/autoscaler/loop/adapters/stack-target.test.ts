import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { StackTarget } from "../../../../autoscaler/loop/adapters/stack-target";
import { noon } from "../../../support/autoscaler";
import { outputsOf } from "../../../support/swarm";
import { TestProject } from "../../../support/swarmctl";
import { until } from "../../../support/until";

/**
 * A stack with a state in a folder, and a clock and a Pulumi of the test's; its outputs are told apart by the cluster's
 * name.
 */
class TestStack {
  now = noon;
  readonly said: string[] = [];
  readonly target: StackTarget;
  private readonly project = new TestProject({ program: true });
  private readonly backend = mkdtempSync(join(tmpdir(), "swarm-test-state-"));

  constructor({ backend = `file://${this.backend}` } = {}) {
    mkdirSync(join(this.backend, ".pulumi", "stacks", "swarm"), { recursive: true });
    this.setState("first", "1");
    const environment = { ...process.env, ...this.project.environment(), PULUMI_BACKEND_URL: backend };
    this.target = new StackTarget(
      { project: this.project.folder, stack: "prod" },
      {
        environment,
        say: (line) => {
          this.said.push(line);
        },
        talk: () => undefined,
        now: () => this.now,
      },
    );
  }

  setState(clusterName: string, text: string, file = "prod.json.gz"): void {
    this.project.setOutputs({ ...outputsOf("test", { az1: [0] }), clusterName });
    writeFileSync(join(this.backend, ".pulumi", "stacks", "swarm", file), text);
  }

  get reads(): number {
    return this.project.calls().filter((call) => call.startsWith("stack output")).length;
  }

  async name(fresh = false): Promise<string> {
    return (await this.target.outputs(fresh)).clusterName;
  }

  /** Waits until what is read in the background is known. */
  async knows(clusterName: string): Promise<void> {
    await until(`${clusterName} to be known`, async () => (await this.name()) === clusterName, {
      told: () => `: ${this.said.join("; ")}`,
    });
  }
}

describe("StackTarget", () => {
  it("starts no Pulumi while the state is the same, and reads it in the background where it has changed", async () => {
    const stack = new TestStack();
    expect([await stack.name(), await stack.name(), stack.reads]).to.deep.equal(["first", "first", 1]);
    for (let minute = 0; minute < 3; minute += 1) {
      stack.now += 60_000;
      await stack.name();
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
    expect(stack.reads).to.equal(1);
    stack.setState("second", "22");
    expect(await stack.name(), "within the minute").to.equal("first");
    stack.now += 60_000;
    expect(await stack.name(), "while it is read").to.equal("first");
    await stack.knows("second");
    expect(stack.reads).to.equal(2);
  });

  it("reads anew after ten minutes what the backend calls the same", async () => {
    const stack = new TestStack();
    await stack.name();
    stack.now += 600_000;
    await stack.name();
    await until("the second reading", () => stack.reads === 2);
  });

  it("does not take another stack's state, or a copy that Pulumi keeps, for its own", async () => {
    const stack = new TestStack();
    await stack.name();
    stack.setState("first", "of another", "test.json.gz");
    stack.setState("first", "older", "prod.json.gz.bak");
    stack.now += 60_000;
    await stack.name();
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    expect(stack.reads).to.equal(1);
  });

  it("reads at once what is to be fresh", async () => {
    const stack = new TestStack();
    await stack.name();
    stack.setState("second", "22");
    expect([await stack.name(true), await stack.name(), stack.reads]).to.deep.equal(["second", "second", 2]);
  });

  it("reads once a minute where the backend does not say whether the state has changed", async () => {
    const stack = new TestStack({ backend: "https://api.example" });
    await stack.name();
    stack.setState("second", "22");
    stack.now += 60_000;
    await stack.name();
    await stack.knows("second");
  });
});
