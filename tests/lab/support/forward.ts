import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { DockerNode } from "../../../ops/connection/docker";
import { openManager } from "../../../ops/connection/managers";
import type { ClusterAccess } from "../../../settings/outputs";

/**
 * A port of the loopback address that leads to one of a manager, as `ssh -L` makes it: nothing of the cluster is open
 * to this machine otherwise.
 */
export class Forward {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly manager: DockerNode,
    private readonly server: Server,
  ) {}

  static async open(access: ClusterAccess, name: string, port: number): Promise<Forward> {
    const target = access.managers.find((one) => one.name === name);
    if (target === undefined) throw new Error(`${name}: no such manager`);
    const manager = await openManager(access, target);
    const server = createServer();
    const forward = new Forward(manager, server);
    server.on("connection", (socket) => {
      forward.join(socket, port);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    return forward;
  }

  private join(socket: Socket, port: number): void {
    this.sockets.add(socket);
    socket.on("error", () => {
      socket.destroy();
    });
    socket.once("close", () => {
      this.sockets.delete(socket);
    });
    this.manager.ssh.forwardTcp("127.0.0.1", port).then(
      (channel) => {
        channel.on("error", () => {
          socket.destroy();
        });
        channel.once("close", () => {
          socket.destroy();
        });
        socket.once("close", () => {
          channel.destroy();
        });
        socket.pipe(channel).pipe(socket);
      },
      () => {
        socket.destroy();
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    this.manager.close();
  }
}
