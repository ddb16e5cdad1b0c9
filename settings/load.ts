import * as pulumi from "@pulumi/pulumi";
import { missingServiceSecrets } from "./autoscaler-service";
import { SettingsError } from "./errors";
import { hasSwarm, immutableFaults, madeWith, type MadeWith, type StandingManager } from "./made-with";
import type { WorkerSets } from "./ordinals";
import { readClusterOutputs, readNames, type ClusterAccess } from "./outputs";
import { mostNodes, overlayFaults, overlayWarnings, planSharedSubnets } from "./overlays";
import { parseSecrets, parseSettings, unsetKeys } from "./parse";
import { allowFaults } from "./plan-guard";
import { rawSettings } from "./raw";
import { refusal } from "./refusal";
import { leaveReport } from "./report";
import { poolFaults, reservedWarnings } from "./reserved";
import type { SecretKey } from "./secrets";
import type { Settings, SettingsKey } from "./schema";
import { expectedVariable, readWanted, WantedError, wantedVariable } from "./wanted";
import { warningsOf } from "./warnings";

/** What the last update of this stack left, by its outputs; nothing before the first update. */
export interface Previous {
  /** What the cluster was made with; absent while there is none. */
  readonly madeWith?: MadeWith;
  readonly managers: readonly StandingManager[];
  readonly workerSets: WorkerSets;
  /** Number of the last complete update; 0 where there was none. */
  readonly serial: number;
  /** Policies of the managers' server groups, the first one first; none before the first update. */
  readonly managerGroupPolicies: readonly Settings["managerAntiAffinity"][];
  /** Access to the cluster, in clear; absent while there is none. */
  readonly access?: ClusterAccess;
  /** Largest number of nodes that its settings allowed. */
  readonly mostNodes: number;
  /** The swarm's join tokens by role; absent while there is no swarm. Secrets. */
  readonly joinTokens?: { readonly manager: pulumi.Output<string>; readonly worker: pulumi.Output<string> };
}

export interface Loaded {
  readonly settings: Settings;
  /** The secrets among the configuration, those that are set. */
  readonly secrets: Partial<Readonly<Record<SecretKey, pulumi.Output<string>>>>;
  readonly previous: Previous;
  /** What the cluster is made with. */
  readonly made: MadeWith;
  /** The worker sets that this update shall have in place of the previous ones. */
  readonly wanted?: WorkerSets;
}

/**
 * Reads the stack's configuration, what the last update left, and the worker sets that the environment asks for
 * (SWARM_WANTED_WORKERS), which come by no other way. Warns of what the configuration gives up.
 *
 * @param madeSoFar returns what exists of a cluster that no update has completed; called only then.
 * @throws RunError with all faults, which Pulumi prints without a stack trace; nothing is registered before the
 *   settings are good.
 */
export async function loadSettings(madeSoFar: () => Promise<Partial<MadeWith>>): Promise<Loaded> {
  try {
    const raw = rawSettings(pulumi.runtime.allConfig(), pulumi.getProject());
    const settings = parseSettings(raw);
    const secrets = Object.fromEntries(
      Object.entries(parseSecrets(raw)).map(([key, value]) => [key, pulumi.secret(value)]),
    );
    const previous = await readPrevious();
    const before = previous.madeWith ?? (await madeSoFar());
    const standing = hasSwarm(before)
      ? { sharedSubnets: before.sharedSubnets ?? {}, mostNodes: previous.mostNodes }
      : undefined;
    const faults = [
      ...missingServiceSecrets(settings.autoscalerService, secrets),
      ...immutableFaults(settings, before, previous.managers),
      ...allowFaults(settings, new Date()),
      ...overlayFaults(settings, standing),
      ...(standing === undefined ? poolFaults(settings, unsetKeys(raw)) : []),
    ];
    if (faults.length > 0) throw new SettingsError(faults);
    const asked = askedFor(settings, previous);
    for (const warning of allWarnings(settings, unsetKeys(raw), standing)) await pulumi.log.warn(warning);
    const made = madeWith(settings, standing === undefined ? planSharedSubnets(settings) : before.sharedSubnets);
    return { settings, secrets, previous, made, ...asked };
  } catch (error) {
    if (error instanceof WantedError) leaveReport(process.env, { kind: error.isOvertaken ? "overtaken" : "unfit" });
    throw error instanceof SettingsError ? refusal(error.message) : error;
  }
}

/** The worker sets that the environment asks for, if it does. @throws WantedError. */
function askedFor(settings: Settings, { workerSets }: Previous): Pick<Loaded, "wanted"> {
  const { [wantedVariable]: wanted, [expectedVariable]: expected } = process.env;
  return wanted === undefined || wanted === ""
    ? {}
    : { wanted: readWanted({ wanted, expected }, settings, workerSets) };
}

/** @param standing what the overlay networks of a swarm that exists are; absent before there is one. */
function allWarnings(
  settings: Settings,
  unset: ReadonlySet<SettingsKey>,
  standing: Parameters<typeof overlayWarnings>[1] | undefined,
): string[] {
  return [
    ...warningsOf(settings),
    ...reservedWarnings(settings, unset),
    ...(standing === undefined
      ? []
      : [
          ...overlayWarnings(settings, standing),
          ...poolFaults(settings, new Set()).map(({ path, problem }) => `${path}: ${problem}`),
        ]),
  ];
}

async function readPrevious(): Promise<Previous> {
  const self = new pulumi.StackReference(`${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`);
  const values = readNames.map(async (name): Promise<[string, unknown]> => {
    const details = await self.getOutputDetails(name);
    return [name, details.value ?? details.secretValue];
  });
  const outputs = readClusterOutputs(Object.fromEntries(await Promise.all(values)));
  if (outputs === undefined) return { workerSets: {}, serial: 0, managerGroupPolicies: [], managers: [], mostNodes: 0 };
  const { joinTokens, serial = 0, managerGroupPolicies = [], workerGroups } = outputs;
  const managers = outputs.nodes.filter(({ role }) => role === "manager");
  return {
    madeWith: outputs.madeWith,
    managers,
    workerSets: outputs.workerSets,
    serial,
    managerGroupPolicies,
    access: outputs.access,
    mostNodes: mostNodes({ managers: managers.length, workerGroups }),
    joinTokens: { manager: pulumi.secret(joinTokens.manager), worker: pulumi.secret(joinTokens.worker) },
  };
}
