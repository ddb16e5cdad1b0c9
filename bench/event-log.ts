import { z } from "zod";
import { bootedSign } from "../ops/init";
import type { Milestones } from "./phases";

/** The part of Pulumi's event log (`--event-log`, one apitype.EngineEvent a line) that is read here; whole seconds since 1970. */
const eventSchema = z.object({
  timestamp: z.int(),
  resOutputsEvent: z.object({ metadata: z.object({ urn: z.string(), type: z.string() }) }).optional(),
  diagnosticEvent: z.object({ urn: z.string().optional(), message: z.string() }).optional(),
});

/**
 * When each phase of an `up` of the whole cluster ended.
 *
 * @param log text of the event log.
 * @throws Error when something that ends a phase is not in it.
 */
export function milestonesOf(log: string): Milestones {
  const events = log.split("\n").filter((line) => line !== "").map((line) => eventSchema.parse(JSON.parse(line)));
  const made = events.flatMap(({ timestamp, resOutputsEvent: event }) =>
    event === undefined ? [] : [{ timestamp, type: event.metadata.type, name: event.metadata.urn.split("::").at(-1) ?? "" }]);
  const last = (what: string, is: (one: typeof made[number]) => boolean): number => {
    const found = made.filter(is).map(({ timestamp }) => timestamp);
    if (found.length === 0) throw new Error(`event log: ${what} is not in it.`);
    return Math.max(...found);
  };
  const booted = events.find(({ diagnosticEvent: event }) => event?.message.includes(bootedSign) === true);
  if (booted === undefined) throw new Error("event log: the first manager's boot is not in it.");
  return {
    api: last("a server's creation", ({ type }) => type === "openstack:compute/instance:Instance"),
    boot: booted.timestamp,
    init: last("the swarm's init", ({ name }) => name.endsWith("-managers-init")),
    join: last("a node's membership", ({ name }) => /-membership-/.test(name)),
    stacks: last("a stack's deployment", ({ name }) => name.endsWith("-deploy")),
  };
}
