import { createHash } from "node:crypto";
import { parseDocument } from "yaml";
import type { DockerNode } from "../connection/docker";
import { OperationError } from "../errors";

/** A config or a secret of the swarm, as it is made. It cannot be changed, so another content has another name. */
export interface SwarmFile {
  readonly kind: "configs" | "secrets";
  readonly name: string;
  readonly content: string;
}

/** Length of the content's hash in a name; a name has 64 characters at most. */
const hashLength = 12;

/**
 * Turns the files that a compose file brings along (`configs.<name>.content`, `secrets.<name>.environment`: the Compose
 * specification has them, `docker stack deploy` has not) into configs and secrets of the swarm, named by their content.
 *
 * @returns the compose file that names them as external, and what has to be there first.
 * @throws OperationError when a secret is not in the environment.
 */
export function stackFiles(
  stack: string,
  compose: string,
  environment: NodeJS.ProcessEnv,
): { readonly compose: string; readonly files: readonly SwarmFile[] } {
  const document = parseDocument(compose);
  const tree = document.toJS() as Partial<
    Record<SwarmFile["kind"], Record<string, { content?: string; environment?: string }>>
  >;
  const files: SwarmFile[] = [];
  for (const kind of ["configs", "secrets"] as const) {
    for (const [name, { content: given, environment: variable }] of Object.entries(tree[kind] ?? {})) {
      const content = kind === "configs" ? given : variable === undefined ? undefined : environment[variable];
      if (kind === "secrets" && variable !== undefined && (content === undefined || content === "")) {
        throw new OperationError(`stack ${stack}: ${variable}: not in the environment; the program sets it.`);
      }
      if (content === undefined) continue;
      const file = {
        kind,
        name: `${stack}_${name}-${createHash("sha256").update(content).digest("hex").slice(0, hashLength)}`,
        content,
      };
      document.setIn([kind, name], { name: file.name, external: true });
      files.push(file);
    }
  }
  return { compose: files.length === 0 ? compose : document.toString({ lineWidth: 0 }), files };
}

const stackLabel = "com.docker.stack.namespace";

/** Makes the files that the swarm does not have yet. `docker stack rm` takes them away by their label. */
export async function makeFiles({ api }: DockerNode, stack: string, files: readonly SwarmFile[]): Promise<void> {
  for (const { kind, name, content } of files) {
    const spec = { Name: name, Labels: { [stackLabel]: stack }, Data: Buffer.from(content).toString("base64") };
    const known =
      kind === "configs"
        ? await api.listConfigs({ filters: { name: [name] } })
        : await api.listSecrets({ filters: { name: [name] } });
    if (known.some((one) => (one as { Spec?: { Name?: string } }).Spec?.Name === name)) continue;
    await (kind === "configs" ? api.createConfig(spec) : api.createSecret(spec));
  }
}

/** The part of a service that says which files it uses (Engine API, ServiceSpec). */
interface FileUser {
  readonly TaskTemplate?: {
    readonly ContainerSpec?: {
      readonly Configs?: readonly { ConfigID?: string }[];
      readonly Secrets?: readonly { SecretID?: string }[];
    };
  };
}

/** Ids of the files that services use, or would use if they were rolled back. */
export function filesInUse(
  services: readonly { readonly Spec?: FileUser; readonly PreviousSpec?: FileUser }[],
): ReadonlySet<string> {
  const specs = services
    .flatMap(({ Spec, PreviousSpec }) => [Spec, PreviousSpec])
    .map((spec) => spec?.TaskTemplate?.ContainerSpec);
  const ids = specs.flatMap((spec) => [
    ...(spec?.Configs ?? []).map(({ ConfigID }) => ConfigID),
    ...(spec?.Secrets ?? []).map(({ SecretID }) => SecretID),
  ]);
  return new Set(ids.filter((id) => id !== undefined));
}

/** Removes files of the stack that nothing uses any more. */
export async function forgetFiles({ api }: DockerNode, stack: string): Promise<void> {
  const filters = { label: [`${stackLabel}=${stack}`] };
  const used = filesInUse((await api.listServices({ filters })) as Parameters<typeof filesInUse>[0]);
  const [configs, secrets] = [await api.listConfigs({ filters }), await api.listSecrets({ filters })] as {
    ID: string;
  }[][];
  for (const { ID } of configs ?? []) if (!used.has(ID)) await api.getConfig(ID).remove();
  for (const { ID } of secrets ?? []) if (!used.has(ID)) await api.getSecret(ID).remove();
}
