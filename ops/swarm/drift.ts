import type { StackParts } from "../../settings/stack-parts";
import type { Desired, DesiredNetwork, Finding, Part, SeenSwarm } from "./drift-finding";
import { nodeDrift } from "./node-drift";
import type { SwarmNodeState } from "./nodes";

/** Compares the swarm with what the stack says about it. Pure. */
export function drift(desired: Desired, seen: SeenSwarm): Finding[] {
  return [
    ...desired.nodes.flatMap((node) => nodeDrift(node, seen)),
    ...strangers(desired, seen.nodes),
    ...desired.networks.flatMap((network) => networkDrift(network, desired, seen)),
    ...desired.stacks.flatMap((stack) => stackDrift(stack, seen)),
  ];
}

/** Entries that belong to no node of the stack. An entry without a name was never used by a node. */
function strangers({ nodes, others }: Desired, seen: readonly SwarmNodeState[]): Finding[] {
  const known = new Set(["", ...nodes.map(({ name }) => name), ...others]);
  return seen.flatMap(({ ID, Description, Status }): Finding[] => {
    const name = Description?.Hostname ?? "";
    if (known.has(name)) return [];
    return [
      {
        code: "stranger",
        subject: name,
        problem: `in the swarm (${Status.State}), but not of this stack`,
        advice: `if it should not be there, run \`docker node rm --force ${ID}\` on a manager`,
      },
    ];
  });
}

function networkDrift({ name, id }: DesiredNetwork, { stacks }: Desired, { networks, isOurs }: SeenSwarm): Finding[] {
  const subject = `network ${name}`;
  const named = networks?.find((network) => network.Name === name);
  if (networks === undefined || (id === undefined ? named !== undefined : networks.some(({ Id }) => Id === id)))
    return [];
  if (named !== undefined && isOurs?.(named) !== true) {
    return [
      {
        code: "network-foreign",
        subject,
        problem: `another network of this name (${named.Id}) is in its place`,
        advice: `remove it with \`docker network rm ${name}\` on a manager, and the next \`pulumi up\` makes the cluster's own`,
      },
    ];
  }
  const users = stacks
    .filter((stack) => stack.networks.includes(name))
    .map((stack): Part => ({ kind: "stack", name: stack.name }));
  return [
    { code: "network-missing", subject, problem: "it was removed", repairs: [{ kind: "network", name }, ...users] },
  ];
}

function stackDrift({ name, services }: StackParts, seen: SeenSwarm): Finding[] {
  const missing = services.filter((service) => seen.services?.includes(service) === false);
  if (missing.length === 0) return [];
  return [
    {
      code: "service-missing",
      subject: `stack ${name}`,
      problem: `${missing.join(", ")} ${missing.length === 1 ? "was" : "were"} removed`,
      repairs: [{ kind: "stack", name }],
    },
  ];
}
