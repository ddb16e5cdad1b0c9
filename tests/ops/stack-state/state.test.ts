import { expect } from "chai";
import { parseState, unmadeServers } from "../../../ops/stack-state/state";

const urn = (type: string, name: string): string => `urn:pulumi:test::swarm::swarm:compute:Node$${type}::${name}`;
const server = "openstack:compute/instance:Instance";

describe("unmadeServers", () => {
  it("are those that an update asked for and that never ran", () => {
    const resources = [
      { urn: urn(server, "one-server"), type: server, id: "1" },
      { urn: urn(server, "two-server"), type: server, id: "2", initErrors: ["unexpected state 'ERROR'"] },
      {
        urn: urn("openstack:networking/port:Port", "three-port"),
        type: "openstack:networking/port:Port",
        id: "3",
        initErrors: ["no tags"],
      },
    ];
    expect([...unmadeServers(parseState(JSON.stringify({ version: 3, deployment: { resources } })))]).to.deep.equal([
      "two-server",
    ]);
    expect([...unmadeServers(parseState(JSON.stringify({ version: 3, deployment: {} })))]).to.deep.equal([]);
  });
});
