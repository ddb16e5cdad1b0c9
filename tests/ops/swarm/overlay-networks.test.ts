import { expect } from "chai";
import type { DockerNode } from "../../../ops/connection/docker";
import type { PendingCreate } from "../../../ops/stack-state/state";
import { sweepNetworks } from "../../../ops/swarm/overlay-networks";

describe("sweepNetworks", () => {
  const create = (name: string): PendingCreate => ({ type: "docker:index/network:Network", inputs: { name } });

  /** Sweeps a swarm with the networks proxy and monitoring, of which a service uses those of the given ids or names. */
  async function sweeping(
    names: readonly string[],
    pending: readonly PendingCreate[],
    used: readonly string[] = [],
  ): Promise<{ asked: unknown[]; removed: string[]; lines: string[] }> {
    const [asked, removed, lines]: [unknown[], string[], string[]] = [[], [], []];
    const api = {
      listNetworks: async (question: unknown) => {
        asked.push(question);
        return Promise.resolve([
          { Id: "n-1", Name: "proxy" },
          { Id: "n-2", Name: "monitoring" },
        ]);
      },
      listServices: async () =>
        Promise.resolve([{ Spec: { TaskTemplate: { Networks: used.map((Target) => ({ Target })) } } }]),
      getNetwork: (id: string) => ({
        remove: async () => {
          removed.push(id);
          return Promise.resolve();
        },
      }),
    };
    await sweepNetworks({ api: api as unknown as DockerNode["api"] }, names, "swarm c, owner 0a", pending, (line) =>
      lines.push(line),
    );
    return { asked, removed, lines };
  }

  it("removes networks of the given names that bear the mark and that a killed update was creating, and asks Docker for no others", async () => {
    const { asked, removed, lines } = await sweeping(["monitoring"], [create("monitoring"), create("proxy")]);
    expect(asked).to.deep.equal([{ filters: { driver: ["overlay"], label: ["swarm.mark=swarm c, owner 0a"] } }]);
    expect(removed).to.deep.equal(["n-2"]);
    expect(lines).to.deep.equal(["network monitoring (n-2) was left behind by a killed update; removing it."]);
  });

  it("leaves a network that the state forgot, e.g. in a refresh while the first manager was away", async () => {
    const { removed, lines } = await sweeping(["proxy"], []);
    expect(removed).to.deep.equal([]);
    expect(lines).to.deep.equal([
      "network proxy (n-1) stays, though the state does not know it: no killed update was creating it.",
    ]);
  });

  for (const target of ["n-1", "proxy"]) {
    it(`leaves a network that a service uses by ${target}, whatever the proof`, async () => {
      const { removed, lines } = await sweeping(["proxy"], [create("proxy")], [target]);
      expect(removed).to.deep.equal([]);
      expect(lines).to.deep.equal(["network proxy (n-1) stays, though the state does not know it: services use it."]);
    });
  }
});
