import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { labStack, type StackPlace } from "../ops/pulumi/run";
import { parseSettings } from "../settings/parse";
import { rawSettings } from "../settings/raw";
import { projectName, type Settings } from "../settings/schema";
import { readConfig } from "./config-edit";
import { UsageError } from "./errors";

/** A cluster as the configuration of its stack has it. */
export interface Cluster extends StackPlace {
  readonly name: string;
  /** The stack's file, and its name as people know it. */
  readonly path: string;
  readonly file: string;
  readonly text: string;
}

/** Which cluster is meant: by name, by stack, or the only one that there is. */
export interface Selection {
  readonly project?: string | undefined;
  readonly stack?: string | undefined;
  readonly name?: string | undefined;
}

const projectSchema = z.object({ name: z.string() });

/**
 * The project's folder: the given one, else the nearest above the current folder that is a checkout of this project,
 * else the one that swarmctl itself belongs to.
 *
 * @throws UsageError when the given folder is none.
 */
export function findProject(given: string | undefined, cwd: string): string {
  if (given !== undefined) {
    const folder = resolve(cwd, given);
    if (!isProject(folder))
      throw new UsageError(`--project=${given}: it has no Pulumi.yaml of this project; name the folder of a checkout.`);
    return folder;
  }
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (isProject(folder)) return folder;
    if (folder === dirname(folder)) return join(__dirname, "..");
  }
}

function isProject(folder: string): boolean {
  const path = join(folder, "Pulumi.yaml");
  return existsSync(path) && projectSchema.safeParse(parse(readFileSync(path, "utf8"))).data?.name === projectName;
}

/**
 * Every cluster that a project's stacks have, in the order of the stacks' names.
 *
 * @param say is told of files that cannot be read.
 * @throws UsageError when the file that `SWARM_LAB_CONFIG` names is not there.
 */
export function listClusters(project: string, environment: NodeJS.ProcessEnv, say: (line: string) => void): Cluster[] {
  const stacks = readdirSync(project)
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((stack) => stack !== undefined)
    .sort();
  return stacks.flatMap((stack): Cluster[] => {
    // the lab's tests work with a file of their own
    const moved = stack === labStack ? environment["SWARM_LAB_CONFIG"] : undefined;
    if (moved !== undefined && !existsSync(moved))
      throw new UsageError(`SWARM_LAB_CONFIG=${moved}: no such file; unset it for Pulumi.${labStack}.yaml.`);
    const path = realpathSync(moved ?? join(project, `Pulumi.${stack}.yaml`));
    const file = moved === undefined ? `Pulumi.${stack}.yaml` : basename(path);
    const text = readFileSync(path, "utf8");
    try {
      const name = readConfig(text, file)[`${projectName}:clusterName`];
      return typeof name === "string" && name !== "" ? [{ project, stack, path, file, text, name }] : [];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      say(error.message);
      return [];
    }
  });
}

/** The settings of a cluster, from the text of its file. @throws SettingsError with every fault. */
export function settingsOf({ file }: Cluster, text: string): Settings {
  return parseSettings(rawSettings(readConfig(text, file), projectName));
}

/**
 * The cluster that is meant.
 *
 * @throws UsageError when there is none, or more than one.
 */
export function selectCluster(clusters: readonly Cluster[], { name, stack }: Selection): Cluster {
  const matching = clusters.filter(
    (cluster) => (name === undefined || cluster.name === name) && (stack === undefined || cluster.stack === stack),
  );
  const [found, second] = matching;
  const known = clusters.map((cluster) => `${cluster.name} (stack ${cluster.stack})`).join(", ");
  if (found === undefined)
    throw new UsageError(
      `${asked(name, stack)}: not known; ${known === "" ? "no Pulumi.<stack>.yaml here names a cluster." : `known are ${known}.`}`,
    );
  if (second !== undefined && name === undefined)
    throw new UsageError(`cluster: none was named; name one of ${known}.`);
  if (second !== undefined)
    throw new UsageError(
      `${asked(name, stack)}: it is in several stacks; add ${matching.map((cluster) => `--stack=${cluster.stack}`).join(" or ")}.`,
    );
  return found;
}

/** The cluster that a node belongs to by its name. @throws UsageError when there is none, or more than one. */
export function clusterOfNode(clusters: readonly Cluster[], node: string, stack: string | undefined): Cluster {
  const names = clusters
    .map(({ name }) => name)
    .filter((name) => node.startsWith(`${name}-manager-`) || node.startsWith(`${name}-worker-`));
  // one cluster's name may begin with another's
  const name = names.sort((a, b) => b.length - a.length)[0];
  if (name === undefined && stack === undefined) {
    throw new UsageError(
      `node ${JSON.stringify(node)}: of no known cluster; names are <cluster>-worker-<group>-<ordinal>, clusters ${clusters.map((cluster) => cluster.name).join(", ")}.`,
    );
  }
  return selectCluster(clusters, { name, stack });
}

function asked(name: string | undefined, stack: string | undefined): string {
  return [
    ...(name === undefined ? [] : [`cluster ${JSON.stringify(name)}`]),
    ...(stack === undefined ? [] : [`stack ${JSON.stringify(stack)}`]),
  ].join(" of ");
}
