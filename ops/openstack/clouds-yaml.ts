import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { OperationError } from "../errors";

/** The part of clouds.yaml that a login needs (openstacksdk's configuration format). */
const cloudSchema = z.object({
  region_name: z.string().optional(),
  /** File with the certificates of the authority that the cloud's are signed by. */
  cacert: z.string().optional(),
  /** False where they are not looked at. */
  verify: z.boolean().default(true),
  auth: z.object({
    auth_url: z.string(),
    username: z.string().optional(),
    user_id: z.string().optional(),
    password: z.string().optional(),
    project_name: z.string().optional(),
    project_id: z.string().optional(),
    user_domain_name: z.string().default("Default"),
    user_domain_id: z.string().optional(),
    project_domain_name: z.string().default("Default"),
    project_domain_id: z.string().optional(),
    application_credential_id: z.string().optional(),
    application_credential_secret: z.string().optional(),
  }),
});
/** A cloud, as its login and its requests need it. */
export type Cloud = Omit<z.output<typeof cloudSchema>, "cacert"> & {
  /** The certificates themselves, PEM. */
  readonly ca?: string;
};

/**
 * Reads the cloud that `OS_CLOUD` names from clouds.yaml.
 *
 * @throws OperationError where there is no such file or cloud, or one that cannot be logged in to; nothing of the file
 *   is in it.
 */
export async function readCloud(environment: NodeJS.ProcessEnv): Promise<Cloud> {
  const name = environment["OS_CLOUD"];
  if (name === undefined) throw new OperationError("OS_CLOUD: not set; name a cloud of clouds.yaml.");
  const given = environment["OS_CLIENT_CONFIG_FILE"];
  const places = given === undefined ? cloudsPlaces() : [given];
  for (const path of places) {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new OperationError(`${path}: it cannot be read`, { cause: error });
    });
    if (text !== undefined) return withCertificates(cloudOf(text, path, name), environment["OS_CACERT"]);
  }
  throw new OperationError(
    `clouds.yaml: not found at ${places.join(", ")}; write it, or name it in OS_CLIENT_CONFIG_FILE.`,
  );
}

/** Where a clouds.yaml is looked for, in order: as the provider does (gophercloud/utils, openstack/clientconfig). */
function cloudsPlaces(): string[] {
  return [process.cwd(), join(homedir(), ".config", "openstack"), "/etc/openstack"].map((folder) =>
    join(folder, "clouds.yaml"),
  );
}

/** Reads the authority's certificates; the provider, too, lets OS_CACERT go before. */
async function withCertificates(
  { cacert, ...cloud }: z.output<typeof cloudSchema>,
  given: string | undefined,
): Promise<Cloud> {
  const path = given ?? cacert;
  if (path === undefined || path === "") return cloud;
  const ca = await readFile(path.replace(/^~(?=\/)/, homedir()), "utf8").catch((error: unknown) => {
    throw new OperationError(`${path}: the cloud's certificates (cacert, OS_CACERT) cannot be read`, { cause: error });
  });
  return { ...cloud, ca };
}

function cloudOf(text: string, path: string, name: string): z.output<typeof cloudSchema> {
  let content: unknown;
  try {
    content = parse(text);
  } catch {
    // the parser's words quote the text, and that holds a password
    throw new OperationError(`${path}: it is no YAML.`);
  }
  const clouds = z.object({ clouds: z.record(z.string(), z.unknown()) }).safeParse(content);
  const cloud = cloudSchema.safeParse(clouds.data?.clouds[name]);
  if (!cloud.success)
    throw new OperationError(`${path}: cloud ${JSON.stringify(name)} is not usable: ${z.prettifyError(cloud.error)}`);
  return cloud.data;
}
