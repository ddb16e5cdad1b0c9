#!/usr/bin/env node
// The command `swarmctl`. Compiles main.ts while it loads, as program.cjs does.
require("tsx/cjs");
require("./main.ts");
