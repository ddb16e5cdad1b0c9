import { expect } from "chai";
import { Agent, createServer, get } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { testedApi } from "../../../ops/connection/api-version";
import { DockerNode, limit } from "../../../ops/connection/docker";
import { Managers, withManager } from "../../../ops/connection/managers";
import {
  ConnectionLostError,
  NoManagersError,
  OperationError,
  SignalError,
  UnreachableError,
} from "../../../ops/errors";
import type { SshConnection } from "../../../ops/connection/ssh";

const noLeader = new Error(
  "(HTTP code 500) server error - rpc error: code = Unknown desc = The swarm does not have a leader.",
);

describe("DockerNode", () => {
  it("shows nothing of its connection to who writes down the client, as the client itself does at each request", () => {
    const { api } = new DockerNode(
      { target: { name: "one", privateKey: "s3cret" } } as unknown as SshConnection,
      "1.45",
    );
    expect(inspect(api.modem, { showHidden: true, depth: null }))
      .to.include("agent: SocketAgent(one)")
      .and.not.include("s3cret");
  });
});

describe("DockerNode.open", () => {
  /**
   * An engine of that range: as Docker's own, it says its newest version in the ping and refuses what it does not
   * speak.
   */
  async function questions(
    oldest: string,
    newest: string,
  ): Promise<{ readonly asked: readonly string[]; readonly result: string }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.setHeader("Api-Version", newest).setHeader("Content-Type", "application/json");
      if (request.url === "/_ping") response.end("OK");
      else response.end(JSON.stringify({ ApiVersion: newest, MinAPIVersion: oldest, ID: "swarm" }));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as AddressInfo;
    const ssh: Pick<SshConnection, "target" | "forwardUnix"> = {
      target: { name: "one", host: "", user: "", privateKey: "", hostKey: "" },
      forwardUnix: async () => Promise.resolve(connect(port, "127.0.0.1")),
    };
    const result = await DockerNode.open(ssh as SshConnection)
      .then(async ({ api }) => ((await api.swarmInspect()) as { ID: string }).ID)
      .catch(String);
    server.close();
    server.closeAllConnections();
    return { asked, result };
  }

  it("speaks the engine's newest version", async () => {
    expect(await questions("1.24", "1.45")).to.deep.equal({ asked: ["/_ping", "/v1.45/swarm"], result: "swarm" });
    expect(await questions("1.44", "1.52")).to.deep.equal({ asked: ["/_ping", "/v1.52/swarm"], result: "swarm" });
  });

  it("speaks the newest version that it knows to an engine that is newer", async () => {
    expect(await questions("1.44", "1.99")).to.deep.equal({
      asked: ["/_ping", "/version", `/v${testedApi.newest}/swarm`],
      result: "swarm",
    });
  });

  it("asks nothing of an engine that it does not know", async () => {
    const { asked, result } = await questions("1.90", "1.99");
    expect({ asked, said: result.split(";")[0] }).to.deep.equal({
      asked: ["/_ping", "/version"],
      said: `OperationError: one: its Docker Engine speaks API 1.90 to 1.99, this program ${testedApi.oldest} to ${testedApi.newest}`,
    });
  });
});

describe("limit", () => {
  it("ends a request that is not answered, and says so", async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as AddressInfo;
    const agent = new Agent();
    agent.createConnection = () => {
      const socket = connect(port, "127.0.0.1");
      limit(socket, 0.2, "one: no answer within 0.2 seconds from Docker");
      return socket;
    };
    const error = await new Promise((resolve) => {
      get({ agent, host: "docker" }).on("error", resolve);
    });
    server.close();
    server.closeAllConnections();
    expect(String(error)).to.equal("ConnectionLostError: one: no answer within 0.2 seconds from Docker");
  });
});

describe("Managers", () => {
  /** Managers that are found one after the other, each with a note of its end. */
  function managers(): { managers: Managers; closed: number[] } {
    const closed: number[] = [];
    let found = 0;
    const find = (): Promise<DockerNode> => {
      const number = found;
      found += 1;
      return Promise.resolve({
        number,
        close: () => {
          closed.push(number);
        },
      } as unknown as DockerNode);
    };
    return { managers: new Managers({ user: "", privateKey: "", managers: [] }, find), closed };
  }

  it("does what failed for a reason of the moment again, on whichever manager answers then", async () => {
    const { managers: all, closed } = managers();
    let tries = 0;
    const result = await all.use(() => {
      tries += 1;
      return tries === 1 ? Promise.reject(noLeader) : Promise.resolve("done");
    });
    expect({ result, tries, closed }).to.deep.equal({ result: "done", tries: 2, closed: [0] });
  });

  it("takes an answer of Docker's that says no for a failure of the environment", async () => {
    const { managers: all } = managers();
    const answer = Object.assign(new Error("(HTTP code 404) no such node"), { statusCode: 404 });
    const error: unknown = await all
      .use(() => Promise.reject(answer))
      .then(
        () => undefined,
        (cause: unknown) => cause,
      );
    expect(error).to.be.instanceOf(OperationError).with.property("cause", answer);
  });

  it("keeps the connection where another machine than the manager is not reached", async () => {
    const { managers: all, closed } = managers();
    const error = await all
      .use(() => Promise.reject(new UnreachableError("x: not reached")))
      .then(() => "done", String);
    expect({ error, closed }).to.deep.equal({ error: "UnreachableError: x: not reached", closed: [] });
  });

  it("refuses an empty list at once, which would answer never", async () => {
    for (const managerSeconds of [0, 180]) {
      const error = await withManager({ user: "", privateKey: "", managers: [] }, () => Promise.resolve(), {
        managerSeconds,
      }).then(
        () => "done",
        (cause: unknown) => cause,
      );
      expect(error).to.be.instanceOf(NoManagersError);
    }
  });

  it("asks another manager where the connection is lost, and does not repeat what a signal ended", async () => {
    const { managers: all } = managers();
    const outcomes = [new ConnectionLostError("one: the connection ended"), new SignalError("one: docker", "SIGKILL")];
    const error = await all
      .use(() => Promise.reject(outcomes.shift() ?? new Error("repeated")))
      .then(
        () => "done",
        (cause: unknown) => cause,
      );
    expect(error).to.be.instanceOf(SignalError);
  });

  it("throws any other failure at once", async () => {
    const { managers: all, closed } = managers();
    const error = await all
      .use(() => Promise.reject(new Error("(HTTP code 404) no such node")))
      .then(() => "done", String);
    expect({ error, closed }).to.deep.equal({ error: "Error: (HTTP code 404) no such node", closed: [0] });
  });
});
