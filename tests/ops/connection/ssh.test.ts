import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect } from "chai";
import ssh2 from "ssh2";
import { deriveSshKeyPair } from "../../../cloudinit/ssh-keys";
import { ConnectionLostError, ExitError, messageOf, SignalError } from "../../../ops/errors";
import { quote, SshConnection } from "../../../ops/connection/ssh";

const hostKey = deriveSshKeyPair("1".repeat(64), "host:one");
const login = deriveSshKeyPair("1".repeat(64), "admin");

/**
 * An SSH server that takes any login and, like a machine that has died, leaves its half of a connection open for ever.
 */
async function openServer(): Promise<{ port: number; accepted: Socket[]; close: () => void }> {
  const accepted: Socket[] = [];
  const ssh = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client) => {
    client.on("authentication", (attempt) => {
      attempt.accept();
    });
    client.on("error", () => undefined);
    client.on("session", (acceptSession) => {
      acceptSession().on("exec", (acceptExec, _, { command }) => {
        const channel = acceptExec();
        if (command === "drop") client.end();
        else if (command === "die") channel.exit("KILL", false, "out of memory");
        else {
          channel.stderr.write("why\n");
          channel.exit(3);
        }
        channel.end();
      });
    });
  });
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    ssh.injectSocket(socket);
    // its goodbye is not answered
    socket.end = () => socket;
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    accepted,
    close: () => {
      listener.close();
      for (const socket of accepted) socket.destroy();
    },
  };
}

describe("SshConnection", () => {
  const target = (port: number, key: string) => ({
    name: "one",
    host: "127.0.0.1",
    port,
    hostKey: key,
    user: "swarm",
    privateKey: login.privateKey,
  });

  it("lets go of a machine that does not answer the goodbye", async () => {
    const server = await openServer();
    try {
      const connection = await SshConnection.open(target(server.port, hostKey.publicKey));
      const [socket] = server.accepted;
      if (socket === undefined) throw new Error("no connection was accepted");
      const gone = once(socket, "error");
      connection.close();
      // the system of the other side hears of the end only when it sends something
      const timer = setInterval(() => {
        socket.write("x");
      }, 100);
      await gone.finally(() => {
        clearInterval(timer);
      });
    } finally {
      server.close();
    }
  });

  it("says of a connection that has ended that it has, whatever is asked of it then", async () => {
    const server = await openServer();
    const connection = await SshConnection.open(target(server.port, hostKey.publicKey));
    server.close();
    const words = async (promise: Promise<unknown>): Promise<string> => promise.then(() => "done", messageOf);
    await once((connection as unknown as { socket: Socket }).socket, "close");
    expect(await words(connection.run(["true"], { timeoutSeconds: 600 }))).to.equal(
      "one: true: the connection ended before the command did (Not connected)",
    );
    expect(await words(connection.forwardUnix("/run/docker.sock"))).to.equal(
      "one: cannot connect from it to /run/docker.sock (Not connected)",
    );
    connection.close();
  });

  it("tells a command's exit code, a signal and a lost connection apart", async () => {
    const server = await openServer();
    const end = async (command: string): Promise<unknown> => {
      const connection = await SshConnection.open(target(server.port, hostKey.publicKey));
      return connection
        .run([command], { timeoutSeconds: 60 })
        .catch((error: unknown) => error)
        .finally(() => {
          connection.close();
        });
    };
    try {
      expect(await end("fail"))
        .to.be.instanceOf(ExitError)
        .with.deep.include({ code: 3, stderr: "why\n", message: "one: fail ended with 3: why" });
      expect(await end("die"))
        .to.be.instanceOf(SignalError)
        .with.deep.include({
          signal: "SIGKILL",
          message: "one: die was ended by SIGKILL; `journalctl` on the machine says why.",
        });
      expect(await end("drop"))
        .to.be.instanceOf(ConnectionLostError)
        .with.property("message", "one: drop: the connection ended before the command did");
    } finally {
      server.close();
    }
  });

  it("bears all that goes wrong after the time is up: a machine that took the connection and says nothing", async () => {
    const server = createServer(() => undefined);
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const refused = await SshConnection.open({ ...target(port, hostKey.publicKey), connectSeconds: 0.2 }).then(
      () => "accepted",
      messageOf,
    );
    server.close();
    // the client's second error comes with the socket's end; where nobody heeds it, it ends this process
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    expect(refused).to.equal("one (127.0.0.1): no SSH connection (Timed out while waiting for handshake)");
  });

  it("refuses a machine that proves another key than the pinned one", async () => {
    const server = await openServer();
    try {
      const other = deriveSshKeyPair("1".repeat(64), "host:two").publicKey;
      const refused = await SshConnection.open(target(server.port, other)).then(
        () => "accepted",
        (error: unknown) => String(error),
      );
      expect(refused).to.equal("ConnectionLostError: one (127.0.0.1): no SSH connection");
    } finally {
      server.close();
    }
  });
});

describe("quote", () => {
  it("leaves plain words and wraps the rest for a POSIX shell", () => {
    expect(["a-b/c.1", "a b", "it's", "$(x)", ""].map(quote)).to.deep.equal([
      "a-b/c.1",
      "'a b'",
      `'it'\\''s'`,
      "'$(x)'",
      "''",
    ]);
  });
});
