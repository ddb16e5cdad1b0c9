import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { z } from "zod";
import type { Backend } from "./backend";
import { messageOf, OperationError } from "../errors";

/**
 * The parts of a bucket's URL that say how it is reached, as Pulumi's library reads them (gocloud.dev 0.37,
 * aws/aws.go).
 */
const parameters = z.strictObject({
  region: z.string().optional(),
  /** Host and port, or a URL; AWS's own where it is missing. */
  endpoint: z.string().optional(),
  disableSSL: z.enum(["true", "false"]).default("false"),
  /** The bucket's name in the path in place of the host's name: S3 servers that are not AWS's want it. */
  s3ForcePathStyle: z.enum(["true", "false"]).default("false"),
  awssdk: z.literal("v1").optional(),
});

/** How a bucket is reached. */
export interface BucketPlace {
  readonly bucket: string;
  /** Put before every key; empty, or it ends with a slash. */
  readonly prefix: string;
  readonly region: string;
  readonly endpoint?: string;
  readonly forcePathStyle: boolean;
}

/**
 * Reads a bucket's URL, e.g. "s3://states?region=RegionOne&endpoint=objects.example:8080&s3ForcePathStyle=true". The
 * region is us-east-1 by default, which S3 takes for "any".
 *
 * @throws OperationError for a part that is not known or has no such value.
 */
export function bucketPlace(text: string): BucketPlace {
  const url = new URL(text);
  const parsed = parameters.safeParse(Object.fromEntries(url.searchParams));
  if (!parsed.success)
    throw new OperationError(`PULUMI_BACKEND_URL: ${text} is not understood; ${z.prettifyError(parsed.error)}`);
  const { region = process.env["AWS_REGION"] ?? "us-east-1", endpoint, disableSSL, s3ForcePathStyle } = parsed.data;
  const path = url.pathname.replace(/^\/+/, "");
  return {
    bucket: url.host,
    prefix: path === "" || path.endsWith("/") ? path : `${path}/`,
    region,
    forcePathStyle: s3ForcePathStyle === "true",
    ...(endpoint === undefined
      ? {}
      : {
          endpoint: /^https?:\/\//.test(endpoint)
            ? endpoint
            : `${disableSSL === "true" ? "http" : "https"}://${endpoint}`,
        }),
  };
}

/** Milliseconds for a connection, and for an answer; a request that fails is tried thrice in all. */
const [connectionTimeout, requestTimeout] = [10_000, 60_000];

/**
 * Opens a bucket, with the credentials that Pulumi uses as well: AWS's variables, or the file that
 * AWS_SHARED_CREDENTIALS_FILE names.
 */
export function openBucket(url: string): Backend {
  const place = bucketPlace(url);
  const { bucket, prefix, endpoint } = place;
  const client = clientFor(place);
  const at = (key: string): { Bucket: string; Key: string } => ({ Bucket: bucket, Key: `${prefix}${key}` });
  const asking = async <T>(key: string, action: () => Promise<T>): Promise<T> =>
    action().catch((error: unknown) => {
      throw new OperationError(
        `s3://${bucket}/${prefix}${key}: ${endpoint ?? "S3"} refused or did not answer; ${messageOf(error)}`,
      );
    });
  return {
    list: (folder) => asking(folder, () => listKeys(client, place, folder)),
    read: (key) =>
      asking(key, async () =>
        client.send(new GetObjectCommand(at(key))).then(async ({ Body }) => Body?.transformToString(), unlessMissing),
      ),
    version: (key) =>
      asking(key, async () =>
        client
          .send(new HeadObjectCommand(at(key)))
          .then(({ ETag, LastModified }) => `${ETag ?? ""} ${LastModified?.toISOString() ?? ""}`, unlessMissing),
      ),
    write: async (key, text) => {
      const object = { ...at(key), Body: text, ContentLength: Buffer.byteLength(text) };
      await asking(key, () => client.send(new PutObjectCommand(object)));
    },
    remove: async (key) => {
      await asking(key, () => client.send(new DeleteObjectCommand(at(key))));
    },
  };
}

function clientFor({ region, endpoint, forcePathStyle }: BucketPlace): S3Client {
  return new S3Client({
    region,
    forcePathStyle,
    requestHandler: { connectionTimeout, requestTimeout },
    // other servers do not know AWS's own checksums
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}

async function listKeys(client: S3Client, { bucket, prefix }: BucketPlace, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: `${prefix}${folder}` })) {
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(prefix.length));
  }
  return keys;
}

/** An answer without a body, a HEAD's, is told by its status alone. */
function unlessMissing(error: unknown): undefined {
  if (error instanceof NoSuchKey || error instanceof NotFound) return undefined;
  throw error;
}
