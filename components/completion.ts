import * as pulumi from "@pulumi/pulumi";

/**
 * Makes the program fail when it ends before every given resource is registered. Pulumi's Node.js runtime exits with
 * success when it loses its engine (`terminateRpcs` in @pulumi/pulumi/runtime/resource.js): the update would count as
 * complete, and the next one would treat unregistered resources as removed.
 */
export function requireCompletion(resources: readonly pulumi.Resource[]): void {
  let complete = false;
  pulumi.all(resources.map(({ urn }) => urn)).apply(() => {
    complete = true;
  });
  process.once("exit", (code) => {
    if (code !== 0 || complete) return;
    process.stderr.write("The program ended before all its resources were registered; run the update again.\n");
    process.exitCode = 1;
  });
}
