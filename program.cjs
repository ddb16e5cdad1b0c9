// What Pulumi starts. Compiles index.ts while it loads, without a look at the types, which `make check` has; by itself
// and not by options of Pulumi.yaml, which older language hosts do not pass on.
require("tsx/cjs");

// The SDK notes where each promise and resource came from, and Pulumi's runner looks every place up in source maps, in
// JavaScript. Node.js itself does so too, since tsx asks it to, and needs less for it (docs/benchmark.md, "Cost by
// size").
Error.prepareStackTrace = undefined;

// Nobody reads what it prints: Pulumi was killed. The SDK reports each error by printing it, that one too, so without
// this the program would live on, alone, with a processor and more memory every second, until somebody finds it.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1));

module.exports = require("./index.ts");
