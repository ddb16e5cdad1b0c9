import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { SettingsError } from "./errors";
import type { WorkerSets } from "./ordinals";
import { parseSettings } from "./parse";
import { isTextKey, type Settings } from "./schema";
import { warningsOf } from "./warnings";

/** What the last update of this stack left, read from its own outputs. Before the first update nothing. */
export interface Previous {
  /** Docker's id of the swarm; absent while there is none. */
  readonly clusterId?: string;
  readonly workerSets: WorkerSets;
  /** The swarm's join tokens by role; absent while there is no swarm. Secrets. */
  readonly joinTokens?: { readonly manager: pulumi.Output<string>; readonly worker: pulumi.Output<string> };
}

export interface Loaded {
  readonly settings: Settings;
  readonly previous: Previous;
}

/**
 * Reads the stack's configuration and what the last update left, and warns of what the configuration gives up.
 *
 * @throws RunError with all faults, which Pulumi prints without a stack trace; nothing is registered before the settings
 * are good.
 */
export async function loadSettings(): Promise<Loaded> {
  const settings = readSettings();
  for (const warning of warningsOf(settings)) await pulumi.log.warn(warning);
  return { settings, previous: await readPrevious() };
}

function readSettings(): Settings {
  try {
    return parseSettings(rawSettings());
  } catch (error) {
    throw error instanceof SettingsError ? new pulumi.RunError(error.message) : error;
  }
}

async function readPrevious(): Promise<Previous> {
  const self = new pulumi.StackReference(`${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`);
  const workerSets = workerSetsSchema.parse((await self.getOutputDetails("workerSets")).value ?? {});
  const clusterId = z.string().optional().parse((await self.getOutputDetails("clusterId")).value);
  if (clusterId === undefined) return { workerSets };
  const joinTokens = joinTokensSchema.parse((await self.getOutputDetails("joinTokens")).secretValue);
  return {
    clusterId,
    workerSets,
    joinTokens: { manager: pulumi.secret(joinTokens.manager), worker: pulumi.secret(joinTokens.worker) },
  };
}

const workerSetsSchema = z.record(z.string(), z.array(z.int()));
const joinTokensSchema = z.object({ manager: z.string(), worker: z.string() });

/** Pulumi hands every value over as text; all but the text keys hold JSON. */
function rawSettings(): Record<string, unknown> {
  const prefix = `${pulumi.getProject()}:`;
  const raw: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    raw[name] = isTextKey(name) ? value : json(value);
  }
  return raw;
}

/** A text where JSON is wanted is left as it is, for the validation to name. */
function json(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
