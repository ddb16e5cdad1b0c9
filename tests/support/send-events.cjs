// send-events.cjs tcp://HOST:PORT: sends each line of standard input as an event, as Pulumi does with `--event-log`.
const { readFileSync } = require("node:fs");
const { credentials } = require("@grpc/grpc-js");
const { EventsClient } = require("@pulumi/pulumi/proto/events_grpc_pb");
const { EventRequest } = require("@pulumi/pulumi/proto/events_pb");

const client = new EventsClient(process.argv[2].replace("tcp://", ""), credentials.createInsecure());
const call = client.streamEvents((error) => {
  if (error !== null) throw error;
  client.close();
});
for (const line of readFileSync(0, "utf8").trimEnd().split("\n")) {
  const request = new EventRequest();
  request.setEvent(line);
  call.write(request);
}
call.end();
