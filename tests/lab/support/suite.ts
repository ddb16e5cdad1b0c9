import { expect } from "chai";
import { holdings, lab, printEvidence } from "./lab";
import type { LabStack } from "./stack";

/**
 * After all steps: what one needs to mend a failed one is printed, what the suite holds is closed, and a run that
 * cannot end then says what keeps it.
 */
export function tellsOfFailures(cluster: LabStack, close: () => void | Promise<void> = () => undefined): void {
  after(async function evidence() {
    if (this.test?.parent?.tests.some((test) => test.state === "failed") === true) await printEvidence(cluster);
  });

  after(close);

  after(() => {
    setTimeout(() => {
      process.stderr.write(
        `The tests have ended, but these keep their program alive: ${process.getActiveResourcesInfo().join(", ")}\n`,
      );
      process.exit(1);
    }, 60_000).unref();
  });
}

/** The first step of a suite that needs nothing but a cloud. */
export function startsOnNewCloud(): void {
  it("starts on a cloud that is new", async () => {
    await lab("down", "--wipe");
    await lab("up");
  });
}

/** The last step of a suite: the cloud holds nothing of the cluster, and goes. */
export function endsWithCluster(cluster: LabStack): void {
  it("ends with the cluster: nothing of it stays", async () => {
    await cluster.pulumi("destroy", "--yes", "--skip-preview");
    await expectNothing();
    await lab("down");
  });
}

/** The project holds nothing that the program makes. */
export async function expectNothing(): Promise<void> {
  for (const [kind, names] of Object.entries(await holdings())) expect(names, kind).to.deep.equal([]);
}
