/** A resource as `pulumi preview --json` shows it. */
export interface ShownState {
  readonly type: string;
  readonly id?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}
export interface ShownStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: ShownState;
  readonly newState?: ShownState;
}

const urn = (type: string, name: string): string => `urn:pulumi:prod::swarm::${type}::${name}`;

const replaced = ["replace", "create-replacement"];

/** A step of a preview: a creation has no old state, a deletion no new one. */
export function step(
  op: string,
  type: string,
  name: string,
  inputs: Readonly<Record<string, unknown>> = {},
  more: Readonly<Record<string, unknown>> = {},
): ShownStep {
  const state = { type, id: `${name}-id`, inputs, ...more };
  // as the program has its servers: the preview's own deletion is noted in the state by the time that the replacement
  // is shown
  if (replaced.includes(op))
    return { op, urn: urn(type, name), oldState: { ...state, pendingReplacement: true }, newState: state };
  return {
    op,
    urn: urn(type, name),
    ...(op === "create" ? {} : { oldState: state }),
    ...(op.startsWith("delete") ? {} : { newState: state }),
  };
}

export function server(
  op: string,
  role: "manager" | "worker",
  zone: string,
  ordinal: number,
  more: Readonly<Record<string, unknown>> = {},
): ShownStep {
  const name = role === "manager" ? `c-manager-${zone}-${ordinal}` : `c-worker-${zone}-${ordinal}`;
  return step(
    op,
    "openstack:compute/instance:Instance",
    `${name}-server`,
    {
      name,
      availabilityZone: zone,
      flavorName: role === "manager" ? "small" : "large",
      metadata: { role, group: zone, ordinal: String(ordinal) },
      schedulerHints: [{ group: "c-group-id" }],
    },
    more,
  );
}

export const manager = (op: string, zone: string, more?: Readonly<Record<string, unknown>>): ShownStep =>
  server(op, "manager", zone, 0, more);
export const worker = (
  op: string,
  zone: string,
  ordinal: number,
  more?: Readonly<Record<string, unknown>>,
): ShownStep => server(op, "worker", zone, ordinal, more);
/** So many workers of a zone, from an ordinal on. */
export const workers = (op: string, zone: string, count: number, from = 0): ShownStep[] =>
  Array.from({ length: count }, (_, index) => worker(op, zone, from + index));

/** A node's part in the swarm, by the node's name. */
export function membership(op: string, node: string): ShownStep {
  return step(op, "command:local:Command", `${node}-membership`, {
    create: "node --import tsx ops/main.ts admit-node",
    delete: "node --import tsx ops/main.ts remove-node",
    environment: { SWARM_ACCESS: "[secret]", SWARM_SPEC: JSON.stringify({ name: node }) },
  });
}

/** What stands in a cluster whose swarm is made. */
export const swarm = step("same", "command:local:Command", "c-managers-init");

export const zones = ["az1", "az2", "az3"];

/** A preview's text as JSON would have it. */
export function preview(steps: readonly ShownStep[], config: Readonly<Record<string, unknown>> = {}): unknown {
  const shown = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [`swarm:${key}`, JSON.stringify(value)]),
  );
  return { config: { "swarm:clusterName": "c", "swarm:planGuard": "", ...shown }, steps };
}
