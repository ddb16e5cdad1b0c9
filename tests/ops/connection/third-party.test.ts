import { expect } from "chai";
import { ConnectionLostError, ExitError, OperationError, SignalError, UnreachableError } from "../../../ops/errors";
import { isTransient, lockMakerIn } from "../../../ops/connection/third-party";
import { DeadlineError } from "../../../ops/wait";

const noLeader = new Error(
  "(HTTP code 500) server error - rpc error: code = Unknown desc = The swarm does not have a leader.",
);

describe("isTransient", () => {
  const rows: readonly (readonly [string, unknown, boolean])[] = [
    ["an election", noLeader, true],
    [
      "a manager that its peers do not answer",
      new Error("(HTTP code 500) server error - rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
      true,
    ],
    [
      "a command that met an election",
      new ExitError("one: docker stack deploy", 1, "The swarm does not have a leader."),
      true,
    ],
    [
      "a connection that broke",
      new OperationError("x", { cause: new ConnectionLostError("one: docker: the connection ended") }),
      true,
    ],
    [
      "a write that met the end of a leader",
      new Error(
        "(HTTP code 500) server error - rpc error: code = Unknown desc = raft: failed to process the request: node lost leader status",
      ),
      true,
    ],
    [
      "a write to a leader that hands over",
      new Error("(HTTP code 500) server error - rpc error: code = Unknown desc = raft proposal dropped"),
      true,
    ],
    ["an engine that hangs", new ConnectionLostError("one: no answer within 120 seconds from Docker"), true],
    [
      "a connection that ended under a request",
      Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }),
      true,
    ],
    ["a command that a signal ended", new SignalError("one: docker", "SIGKILL"), false],
    [
      "our own sentence about an election",
      new OperationError("one: the swarm does not have a leader; the connection ended"),
      false,
    ],
    [
      "a machine that boots and is tried by a manager",
      new UnreachableError("x: not reached", {
        cause: new ConnectionLostError("one: no connection on to 10.20.0.99:22"),
      }),
      false,
    ],
    ["a refusal", new Error("(HTTP code 404) no such node"), false],
    [
      "a bad compose file",
      new ExitError("one: docker stack deploy", 15, "services.x Additional property y is not allowed"),
      false,
    ],
    [
      "what was waited for in vain",
      new DeadlineError("x: not within 60 seconds; last seen: The swarm does not have a leader."),
      false,
    ],
    [
      "a failure that comes of that",
      new OperationError("stack x: it does not run: context deadline exceeded", { cause: new DeadlineError("x") }),
      false,
    ],
  ];
  for (const [what, error, expected] of rows)
    it(`${what}: ${expected}`, () => {
      expect(isTransient(error)).to.equal(expected);
    });
});

describe("lockMakerIn", () => {
  const made =
    "error: the stack is currently locked by 1 lock(s). Either wait\n  file:///x.json: created by ann@there (pid 4711) at 2026-01-01T00:00:00Z";
  const rows: readonly (readonly [string, string, unknown])[] = [
    [
      "a lock in a file backend",
      made,
      { username: "ann", hostname: "there", pid: "4711", timestamp: "2026-01-01T00:00:00Z" },
    ],
    ["a lock that goes while it is read", "error: the stack is currently locked by 1 lock(s)", "unknown"],
    ["a lock of the service", "error: [409] Conflict: Another update is currently in progress.", "unknown"],
    ["anything else", "error: no valid host", undefined],
  ];
  for (const [what, output, expected] of rows)
    it(`of ${what}`, () => {
      expect(lockMakerIn(output)).to.deep.equal(expected);
    });
});
