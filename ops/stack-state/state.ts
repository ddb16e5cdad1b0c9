import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { projectName } from "../../settings/schema";
import { ownPulumi } from "../pulumi/ancestor";
import { openBackend } from "./backend";
import { OperationError } from "../errors";

/** The part of a stack's exported state that is read here (`pulumi stack export`, version 3 of the deployment). */
const exportSchema = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          id: z.string().optional(),
          inputs: z.record(z.string(), z.unknown()).optional(),
          outputs: z.record(z.string(), z.unknown()).optional(),
          initErrors: z.array(z.string()).nullish(),
        }),
      )
      .nullish(),
    // what updates were doing when they were killed; absent where none was
    pending_operations: z
      .array(
        z.object({
          type: z.string(),
          resource: z.object({
            urn: z.string(),
            type: z.string(),
            inputs: z.record(z.string(), z.unknown()).optional(),
          }),
        }),
      )
      .nullish(),
  }),
});
export type StateResource = NonNullable<z.output<typeof exportSchema>["deployment"]["resources"]>[number];

/** A resource that an update was creating when it was killed: the cloud may have it or not. */
export interface PendingCreate {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What a stack's state holds. */
export interface StackState {
  readonly state: readonly StateResource[];
  /**
   * Pulumi notes each before it asks the cloud, and keeps it until `pulumi refresh` clears it
   * (pkg/backend/snapshot.go).
   */
  readonly pending: readonly PendingCreate[];
}

/** Seconds for the export: the state is read from its backend, which may be slow, and decrypts nothing. */
const exportSeconds = 300;

/** Bytes of an exported state that are taken: 1,000 nodes are some 40 MB. */
const exportLimit = 512 * 1024 * 1024;

/** What a stack's state holds, secrets encrypted; asks the Pulumi that runs the program. */
export async function readState(stack: string): Promise<StackState> {
  const { stdout } = await promisify(execFile)(await ownPulumi(), ["stack", "export", "--stack", stack], {
    maxBuffer: exportLimit,
    timeout: exportSeconds * 1000,
  }).catch((error: unknown) => {
    throw new OperationError(`pulumi stack export of ${stack} failed`, { cause: error });
  });
  return { state: parseState(stdout), pending: parsePending(stdout) };
}

/**
 * Where Pulumi keeps the project's states (pkg/backend/diy/store.go), in one of these: compressed where
 * PULUMI_DIY_BACKEND_GZIP or _ZSTD says so.
 */
const stateFolder = `.pulumi/stacks/${projectName}/`;
const stateSuffixes = [".json", ".json.gz", ".json.zst"];

/**
 * What tells a stack's state from the one that it was before: another one after each change, for who would have to
 * start Pulumi to read it.
 *
 * @param backendUrl `PULUMI_BACKEND_URL`.
 * @returns undefined where there is no state, or the backend is neither files nor S3.
 * @throws OperationError when the bucket does not answer.
 */
export async function stateVersion(stack: string, backendUrl: string | undefined): Promise<string | undefined> {
  const backend = openBackend(backendUrl);
  if (backend === undefined) return undefined;
  const versions = await Promise.all(
    stateSuffixes.map(async (suffix) => backend.version(`${stateFolder}${stack}${suffix}`)),
  );
  return versions.every((version) => version === undefined) ? undefined : JSON.stringify(versions);
}

/**
 * Logical names of servers that an earlier update asked for and that never ran, e.g. since Nova found no host: they
 * exist, in ERROR, and are in the state with what was said. Pulumi would take the next update's look at one for its
 * mending.
 */
export function unmadeServers(state: readonly StateResource[]): ReadonlySet<string> {
  const unmade = state.filter(
    ({ type, initErrors }) => type === "openstack:compute/instance:Instance" && (initErrors ?? []).length > 0,
  );
  return new Set(unmade.map(({ urn }) => urn.split("::").at(-1) ?? urn));
}

/** The resource of a logical name, if the state has it. */
export function resourceNamed(state: readonly StateResource[], name: string): StateResource | undefined {
  return state.find(({ urn }) => urn.endsWith(`::${name}`));
}

export function parsePending(text: string): PendingCreate[] {
  return (exportSchema.parse(JSON.parse(text)).deployment.pending_operations ?? [])
    .filter(({ type }) => type === "creating")
    .map(({ resource: { type, inputs = {} } }) => ({ type, inputs }));
}

export function parseState(text: string): StateResource[] {
  return exportSchema.parse(JSON.parse(text)).deployment.resources ?? [];
}
