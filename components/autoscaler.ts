import type * as pulumi from "@pulumi/pulumi";
import type { AutoscalerServiceSettings } from "../settings/autoscaler-service";
import type { SecretKey } from "../settings/secrets";
import { readCompose, renderCompose } from "./compose";
import { imageReference } from "./plan";
import { Stack, type StackArgs } from "./stack";

export interface AutoscalerArgs {
  readonly clusterName: string;
  /** Name of the Pulumi stack that it changes: this one. */
  readonly pulumiStack: string;
  readonly service: AutoscalerServiceSettings;
  /** Tag of the image that holds this very program (ops/update/program.ts). */
  readonly imageTag: string;
  readonly registryPrefix: string | undefined;
  /** Those of the service are among them; settings/load.ts has seen to that. */
  readonly secrets: Partial<Readonly<Record<SecretKey, pulumi.Input<string>>>>;
  readonly stack: Pick<StackArgs, "access" | "readyMinutes" | "repairs" | "cluster">;
}

/** Environment variables that the compose file's secrets come by. */
const variables = {
  autoscalerCloud: "SWARM_SECRET_CLOUD",
  autoscalerStateKey: "SWARM_SECRET_STATE_KEY",
  autoscalerPassphrase: "SWARM_SECRET_PASSPHRASE",
} as const satisfies Partial<Record<SecretKey, string>>;

/** The autoscaler as a service on the managers. */
export function autoscalerStack(name: string, args: AutoscalerArgs, opts?: pulumi.ComponentResourceOptions): Stack {
  const { service, secrets } = args;
  return new Stack(
    name,
    {
      ...args.stack,
      stack: "autoscaler",
      secrets: Object.fromEntries(
        Object.entries(variables).map(([key, variable]) => [variable, secrets[key as keyof typeof variables] ?? ""]),
      ),
      compose: autoscalerCompose(readCompose("autoscaler"), args, service),
    },
    opts,
  );
}

/**
 * Text of the autoscaler's stack.
 *
 * @param text stacks/autoscaler/compose.yml.
 */
export function autoscalerCompose(
  text: string,
  {
    clusterName,
    pulumiStack,
    imageTag,
    registryPrefix,
  }: Pick<AutoscalerArgs, "clusterName" | "pulumiStack" | "imageTag" | "registryPrefix">,
  { image, backendUrl, caCertificates }: AutoscalerServiceSettings,
): string {
  return renderCompose(text, {
    IMAGE: imageReference(`${image}:${imageTag}`, registryPrefix),
    STACK: pulumiStack,
    CLUSTER: clusterName,
    // docker stack deploy would take what follows a $ for a variable of its own
    BACKEND_URL: backendUrl.replaceAll("$", "$$$$"),
    // a config is never empty
    AUTHORITIES: JSON.stringify(caCertificates ?? "# none\n"),
  });
}
