import { z } from "zod";
import { parseAs } from "../../settings/json";

/** What an update did with one resource. Instants are milliseconds since the epoch; Pulumi notes whole seconds. */
export interface UpdateStep {
  /** The resource's logical name, e.g. "prod-workers-az1-3-server". */
  readonly resource: string;
  /** Its type, e.g. "openstack:compute/instance:Instance". */
  readonly type: string;
  /** Pulumi's word: "create", "delete", "same", … */
  readonly op: string;
  readonly begunAt: number;
  /** Absent where it did not end or failed. */
  readonly endedAt?: number;
  /** What was said when it failed. */
  readonly error?: string;
}

const metadata = z.object({ urn: z.string(), type: z.string(), op: z.string() });

/**
 * The part of an event of Pulumi that is read here (sdk/go/common/apitype/events.go); `timestamp` is whole seconds
 * since 1970.
 */
const eventSchema = z.object({
  timestamp: z.number(),
  resourcePreEvent: z.object({ metadata }).optional(),
  resOutputsEvent: z.object({ metadata }).optional(),
  resOpFailedEvent: z.object({ metadata }).optional(),
  diagnosticEvent: z.object({ urn: z.string().optional(), message: z.string(), severity: z.string() }).optional(),
});
export type UpdateEvent = z.output<typeof eventSchema>;

/** Reads an event from its JSON text; undefined for what is none. */
export function parseEvent(text: string): UpdateEvent | undefined {
  return parseAs(eventSchema, text);
}

/** What became of each resource that an update met. */
export function stepsOf(events: readonly UpdateEvent[]): UpdateStep[] {
  const steps = new Map<string, UpdateStep>();
  const errors = new Map<string, string>();
  for (const {
    timestamp,
    resourcePreEvent: begun,
    resOutputsEvent: ended,
    resOpFailedEvent: failed,
    diagnosticEvent: said,
  } of events) {
    const at = timestamp * 1000;
    if (begun !== undefined)
      steps.set(begun.metadata.urn, {
        resource: nameOf(begun.metadata.urn),
        type: begun.metadata.type,
        op: begun.metadata.op,
        begunAt: at,
      });
    if (ended !== undefined) end(steps, ended.metadata, at, (step) => ({ ...step, endedAt: at }));
    if (failed !== undefined) end(steps, failed.metadata, at, (step) => ({ ...step, error: "" }));
    if (said?.severity === "error" && said.urn !== undefined && said.urn !== "")
      errors.set(said.urn, [...(errors.has(said.urn) ? [errors.get(said.urn)] : []), plain(said.message)].join("; "));
  }
  return [...steps].map(([urn, step]) => (step.endedAt !== undefined ? step : withError(step, errors.get(urn))));
}

function end(
  steps: Map<string, UpdateStep>,
  { urn, type, op }: z.output<typeof metadata>,
  at: number,
  change: (step: UpdateStep) => UpdateStep,
): void {
  steps.set(urn, change(steps.get(urn) ?? { resource: nameOf(urn), type, op, begunAt: at }));
}

function withError(step: UpdateStep, said: string | undefined): UpdateStep {
  return said === undefined ? step : { ...step, error: said };
}

/** A URN ends with the resource's name. */
export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

/** In one line, without Pulumi's marks for colours and line ends. */
function plain(message: string): string {
  return message
    .replace(/<\{%[^%]*%\}>/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
