// What Pulumi starts. Compiles index.ts while it loads, without a look at the types, which `make check` has; by itself and not
// by options of Pulumi.yaml, which older language hosts do not pass on.
require("tsx/cjs");
module.exports = require("./index.ts");
