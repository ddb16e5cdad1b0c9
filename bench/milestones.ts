import { bootedSign } from "../ops/verbs/init-swarm";
import { nameOf, type UpdateEvent } from "../ops/pulumi/events";
import type { Milestones } from "./phases";

/**
 * When each phase of an `up` of the whole cluster ended.
 *
 * @throws Error when something that ends a phase is not in the event log.
 */
export function milestonesOf(events: readonly UpdateEvent[]): Milestones {
  const made = events.flatMap(({ timestamp, resOutputsEvent: event }) =>
    event === undefined ? [] : [{ timestamp, type: event.metadata.type, name: nameOf(event.metadata.urn) }],
  );
  const last = (what: string, is: (one: (typeof made)[number]) => boolean): number => {
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
