// Preloaded into swarmctl by its tests: a connection to port 22 goes to the port of this machine that SWARM_TEST_SSH (a
// JSON object of address to port) names for the address, or to one where nobody listens.
const net = require("node:net");
const { connect } = net;
const ports = JSON.parse(process.env.SWARM_TEST_SSH ?? "{}");

net.connect = (port, host, ...rest) =>
  port === 22 ? connect(ports[host] ?? 1, "127.0.0.1", ...rest) : connect(port, host, ...rest);
