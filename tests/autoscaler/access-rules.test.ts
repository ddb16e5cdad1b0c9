import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

interface AccessRule {
  service: string;
  method: string;
  path: string;
}

const rules = JSON.parse(
  readFileSync(join(__dirname, "..", "..", "autoscaler", "access-rules.json"), "utf8"),
) as AccessRule[];

/**
 * As Keystone's middleware matches them (keystonemiddleware, auth_token): `*` is one part of a path, `**` any number.
 */
function isAllowed(service: string, method: string, path: string): boolean {
  return rules.some(
    (rule) =>
      rule.service === service &&
      rule.method === method &&
      new RegExp(`^${rule.path.replaceAll("**", "\u0000").replaceAll("*", "[^/]+").replaceAll("\u0000", ".*")}$`).test(
        path,
      ),
  );
}

describe("the access rules of the service's credential", () => {
  it("let workers come and go, and whoever looks at the cloud look", () => {
    for (const [service, method, path] of [
      ["compute", "POST", "/v2.1/servers"],
      ["compute", "GET", "/v2.1/servers/detail"],
      ["compute", "GET", "/v2.1/servers/4711"],
      ["compute", "DELETE", "/v2.1/servers/4711"],
      ["compute", "GET", "/v2.1/flavors/detail"],
      ["compute", "GET", "/v2.1/os-server-groups"],
      ["compute", "GET", "/v2.1/os-availability-zone"],
      ["image", "GET", "/v2/images"],
      ["network", "POST", "/v2.0/ports"],
      ["network", "PUT", "/v2.0/ports/4711/tags"],
      ["network", "DELETE", "/v2.0/ports/4711"],
      ...["networks", "subnets", "routers", "ports", "floatingips", "security-groups", "security-group-rules"].map(
        (kind) => ["network", "GET", `/v2.0/${kind}`] as const,
      ),
    ] as const)
      expect(isAllowed(service, method, path), `${method} ${path} of ${service}`).to.equal(true);
  });

  it("let the provider do all that it does about a worker (terraform-provider-openstack 1.54.1: image, flavor, port, instance)", () => {
    for (const [service, method, path] of [
      // create: image and flavor by name, the port's network, the server, its state
      ["image", "GET", "/v2/images"],
      ["compute", "GET", "/v2.1/flavors/detail"],
      ["network", "POST", "/v2.0/ports"],
      ["network", "GET", "/v2.0/ports/4711"],
      ["network", "PUT", "/v2.0/ports/4711/tags"],
      ["network", "GET", "/v2.0/networks/4711"],
      ["compute", "POST", "/v2.1/servers"],
      ["compute", "GET", "/v2.1/servers/4711"],
      // read, after each creation
      ["compute", "GET", "/v2.1/flavors/4711"],
      ["image", "GET", "/v2/images/4711"],
      ["compute", "GET", "/v2.1/servers/4711/tags"],
      ["compute", "DELETE", "/v2.1/servers/4711"],
      ["network", "DELETE", "/v2.0/ports/4711"],
    ] as const)
      expect(isAllowed(service, method, path), `${method} ${path} of ${service}`).to.equal(true);
  });

  it("let Nova fetch a server's image for whoever asked for the server, where it sends no token of its own along", () => {
    for (const path of ["/v2/images/4711", "/v2/images/4711/file", "/v2/schemas/image"])
      expect(isAllowed("image", "GET", path), path).to.equal(true);
  });

  it("let an update note its number on the cloud, and remove no rule of a security group", () => {
    expect(isAllowed("network", "PUT", "/v2.0/security-groups/4711/tags")).to.equal(true);
    expect(isAllowed("network", "PUT", "/v2.0/security-groups/4711")).to.equal(false);
    expect(isAllowed("network", "DELETE", "/v2.0/security-group-rules/4711")).to.equal(false);
  });

  it("let nothing else be changed: of servers and ports alone, and no action on a server", () => {
    expect(rules.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`)).to.deep.equal(
      [
        "POST /v2.1/servers",
        "DELETE /v2.1/servers/*",
        "POST /v2.0/ports",
        "PUT /v2.0/ports/*",
        "PUT /v2.0/ports/*/tags",
        "DELETE /v2.0/ports/*",
        "PUT /v2.0/security-groups/*/tags",
      ],
    );
    expect(isAllowed("compute", "POST", "/v2.1/servers/4711/action")).to.equal(false);
    expect(rules.filter(({ service }) => !["compute", "image", "network"].includes(service))).to.deep.equal([]);
  });
});
