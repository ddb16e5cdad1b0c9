import type { Blindness, ScaleEvent } from "./ports";

/** An alert as Alertmanager's API takes it (API v2, POST /api/v2/alerts). */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** A scale event ends by itself after this time; it is no condition that lasts. */
const eventMinutes = 5;
/** Blindness is told at every tick, and over when it is not told any more. */
const blindMinutes = 2;

export function eventAlert(
  cluster: string,
  { operation, phase, kind, from, to, why, nodes, seconds, at }: ScaleEvent,
): PostedAlert {
  return {
    labels: {
      alertname: "ScaleEvent",
      severity: "info",
      cluster,
      direction: kind === "scale-out" ? "out" : "in",
      operation,
      phase,
    },
    annotations: {
      summary: `${from} → ${to} workers`,
      from: String(from),
      to: String(to),
      why,
      nodes: nodes.join(", "),
      ...(seconds === undefined ? {} : { took: `${seconds} s` }),
    },
    startsAt: iso(at),
    endsAt: iso(at + eventMinutes * 60_000),
  };
}

export function blindAlert(cluster: string, { since, value, needs }: Blindness, now: number): PostedAlert {
  return {
    labels: { alertname: "AutoscalerBlind", severity: "warning", cluster },
    annotations: {
      summary: `The autoscaler of ${cluster} has no figures to go by.`,
      description: `${value}; ${needs}. Workers come for pending tasks and minimums alone, and none goes.`,
      value,
      threshold: needs,
    },
    startsAt: iso(since),
    endsAt: iso(now + blindMinutes * 60_000),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
