import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { freePort } from "../support/tools";
import { WebServer } from "../support/web";

const script = join(__dirname, "..", "..", "cloudinit", "files", "swarm-ingress");

async function codeAt(port: string): Promise<number | null> {
  const [code] = (await once(spawn("bash", [script, port], { stdio: "ignore" }), "close")) as [number | null];
  return code;
}

describe("swarm-ingress", () => {
  for (const [what, status, isWell] of [
    ["knows the swarm's services", 200, true],
    ["does not know them yet", 404, false],
    ["has a fault", 500, false],
    ["hangs", undefined, false],
  ] as const) {
    it(`${isWell ? "is content with" : "refuses"} a Traefik that ${what}`, async () => {
      const traefik = new WebServer(() => (status === undefined ? undefined : { status, body: "OK" }));
      const { port } = new URL(await traefik.start());
      try {
        expect((await codeAt(port)) === 0).to.equal(isWell);
        expect(traefik.asked.map(({ method, url }) => `${method} ${url.pathname}`)).to.deep.equal([
          "GET /.well-known/swarm-ingress",
        ]);
      } finally {
        traefik.stop();
      }
    });
  }

  it("refuses where nothing listens", async () => {
    expect(await codeAt(String(await freePort()))).to.equal(1);
  });
});
