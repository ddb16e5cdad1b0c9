// A policy pack around the plan guard's own function, for sites that run packs; README.md says what it can judge and
// how it starts.
require("tsx/cjs");
const { PolicyPack } = require("@pulumi/policy");
const { judgeResources } = require("../ops/guard/pack.ts");

new PolicyPack("swarm-openstack", {
  policies: [
    {
      name: "open-to-world",
      description: "Nothing but the ingress' ports lets in everyone.",
      enforcementLevel: "mandatory",
      validateResource: ({ urn, type, props }, report) => {
        for (const { message } of judgeResources([{ urn, type, props }])) report(message);
      },
    },
  ],
});
