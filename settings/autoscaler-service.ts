import { parse } from "yaml";
import { z } from "zod";
import type { Fault } from "./errors";
import type { ShapedSettings } from "./schema";
import { allowed, fields, pem, text } from "./values";

const bucketWords = `the URL of a bucket as Pulumi takes it, e.g. "s3://states?region=eu-central-1"`;
const repositoryWords = `an image without tag or digest, e.g. "registry.example/swarm-autoscaler": the tag is the program's own`;

/** The autoscaler as a service on the managers. */
export const autoscalerService = fields({
  backendUrl: text(/^s3:\/\/[^\s/?]+(\/[^\s?]*)?(\?\S*)?$/, bucketWords).describe(
    "Bucket of the stack's state, an s3:// URL as the managers reach it.",
  ),
  image: text(/^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)*$/, repositoryWords)
    .default("swarm/autoscaler")
    .describe("Image that autoscaler/image/build makes and pushes; its tag is the program's own."),
  caCertificates: pem
    .optional()
    .describe(
      "Certificates (PEM) of a site's own authority for OpenStack or the bucket, trusted beside the usual ones.",
    ),
});
export type AutoscalerServiceSettings = Readonly<z.output<typeof autoscalerService>>;

/** Name of the cloud in the service's clouds.yaml. */
export const serviceCloud = "autoscaler";

/** The part of clouds.yaml that is judged (openstacksdk's configuration format). */
const cloudsSchema = z.strictObject({
  clouds: z.strictObject({
    [serviceCloud]: z.looseObject({
      auth_type: z.literal("v3applicationcredential"),
      // a file that the service does not have
      cacert: z.undefined().optional(),
      auth: z.strictObject({
        auth_url: z.string(),
        application_credential_id: z.string(),
        application_credential_secret: z.string(),
      }),
    }),
  }),
});

function isServiceClouds(content: string): boolean {
  try {
    return cloudsSchema.safeParse(parse(content)).success;
  } catch {
    return false;
  }
}

const cloudsWords = `the text of a clouds.yaml with one cloud, "${serviceCloud}", of auth_type v3applicationcredential with auth_url, application_credential_id and application_credential_secret, without cacert: what that holds is for autoscalerService.caCertificates`;
export const serviceClouds = z.string(allowed(cloudsWords)).refine(isServiceClouds, allowed(cloudsWords));
export const serviceStateKey = text(
  /^\[default\]\s*\n(?=[\s\S]*^aws_access_key_id\s*=\s*\S+)(?=[\s\S]*^aws_secret_access_key\s*=\s*\S+)/m,
  "the text of AWS's shared credentials file: [default], aws_access_key_id and aws_secret_access_key, a line each",
);
export const servicePassphrase = text(/^\S(.*\S)?$/, "a passphrase, one line");

/** Keys of the service's secrets. */
export const serviceSecretKeys = ["autoscalerCloud", "autoscalerStateKey", "autoscalerPassphrase"] as const;

/** What the service needs. Its secrets are checked elsewhere: not every reader of the configuration can see them. */
export function serviceHasItsParts(settings: Partial<ShapedSettings>): Fault[] {
  if (settings.autoscalerService === undefined) {
    return serviceSecretKeys
      .filter((key) => settings[key] !== undefined)
      .map((key) => ({
        path: `settings.${key}`,
        problem: "nothing would use it; set settings.autoscalerService, or leave it away.",
      }));
  }
  return (["autoscale", "monitoring"] as const)
    .filter((key) => settings[key] === undefined)
    .map((key) => ({
      path: "settings.autoscalerService",
      problem: `needs settings.${key}, which is not set; use {} for its defaults, or leave the service away.`,
    }));
}

/** Faults for each missing secret of the service. */
export function missingServiceSecrets(
  service: AutoscalerServiceSettings | undefined,
  secrets: Partial<Record<(typeof serviceSecretKeys)[number], unknown>>,
): Fault[] {
  if (service === undefined) return [];
  return serviceSecretKeys
    .filter((key) => secrets[key] === undefined)
    .map((key) => ({
      path: `settings.${key}`,
      problem: `missing, and settings.autoscalerService needs it; run \`pulumi config set --secret swarm:${key}\`, see docs/autoscaler.md.`,
    }));
}
