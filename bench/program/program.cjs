// As the project's own program.cjs.
require("tsx/cjs");
Error.prepareStackTrace = undefined;
require("./index.ts");
