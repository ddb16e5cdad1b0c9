import { Server, ServerCredentials, type handleClientStreamingCall } from "@grpc/grpc-js";
import { EventsService } from "@pulumi/pulumi/proto/events_grpc_pb";
import type { EventRequest } from "@pulumi/pulumi/proto/events_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { OperationError } from "../errors";
import { parseEvent, type UpdateEvent } from "./events";

/**
 * Runs something with a place where Pulumi's `--event-log` can send its events: a gRPC service of Pulumi's own on the
 * loopback address, as its Automation API has one. A file would hold the stack's secrets in clear, and whoever is
 * killed leaves it behind; a Pulumi whose receiver is gone goes on without one.
 *
 * @param use is given the option's value.
 * @returns what it returned, and the events in their order.
 */
export async function withEvents<T>(
  use: (eventLog: string) => Promise<T>,
): Promise<{ readonly result: T; readonly events: readonly UpdateEvent[] }> {
  const events: UpdateEvent[] = [];
  // an event has the resource's whole state in it
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  server.addService(EventsService, {
    streamEvents: ((call, answer) => {
      call.on("data", (request: EventRequest) => {
        const event = parseEvent(request.getEvent());
        if (event !== undefined) events.push(event);
      });
      call.on("end", () => {
        answer(null, new Empty());
      });
      // a Pulumi that is killed breaks it off
      call.on("error", () => undefined);
    }) satisfies handleClientStreamingCall<EventRequest, Empty>,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new OperationError("127.0.0.1: no port for Pulumi's events.", { cause: error }));
    });
  });
  try {
    return { result: await use(`tcp://127.0.0.1:${port}`), events };
  } finally {
    server.forceShutdown();
  }
}
