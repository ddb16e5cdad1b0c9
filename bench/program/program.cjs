// As the project's own program.cjs.
require("tsx/cjs");
require("./index.ts");
