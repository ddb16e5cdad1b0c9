import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSdk } from "../../surface/sdk";
import type { Member } from "../../surface/surface";
import { functionDrift, removedSettings, resourceDrift, without, type Drift } from "./drift";
import { match } from "./match";
import { fieldOverrides, type ProviderInfo, type Table, type TerraformSchema } from "./terraform";

/** The provider's own class: no resource of the Terraform provider. */
const providerToken = "openstack";

/**
 * The text of tokens.json: what each Terraform resource and data source is called in the npm package in `packageDir`.
 * But for the drift, both sides must have the same members, so that each is found by what it is called and by the
 * properties that it has.
 */
export function tokenTable(packageDir: string, info: ProviderInfo): string {
  const sdk = readSdk(packageDir);
  const resources = Object.fromEntries(Object.entries(sdk.resources).filter(([token]) => token !== providerToken));
  const { version } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")) as { version: string };
  const table: Table = {
    version: version.replace(/^v/, ""),
    config: settingsFrom(packageDir, info.provider.schema),
    resources: entries(info.provider.resources, resources, resourceDrift),
    dataSources: entries(info.provider.dataSources, sdk.functions, functionDrift),
  };
  return `${JSON.stringify(table, null, 1)}\n`;
}

type Schemas = Readonly<Record<string, TerraformSchema>>;

function entries(terraform: Schemas, sdk: Readonly<Record<string, Member>>, drift: Drift): Table["resources"] {
  return Object.fromEntries(
    match(without(terraform, drift.added), without(sdk, drift.removed)).map(([name, token]) => {
      const fields = fieldOverrides(terraform[name] ?? {}, sdk[token]?.outputs ?? {});
      return [name, Object.keys(fields).length === 0 ? { token } : { token, fields }];
    }),
  );
}

/** The environment variables that the npm package's provider class reads, by Terraform's name of the setting. */
function settingsFrom(packageDir: string, known: TerraformSchema): Table["config"] {
  const code = readFileSync(join(packageDir, "provider.js"), "utf8");
  const read = [...code.matchAll(/\["(\w+)"\] = [^\n]*utilities\.getEnv\w*\("(\w+)"\)/g)];
  return Object.fromEntries(
    read
      .filter(([, property = ""]) => !removedSettings.includes(property))
      .map(([, property = "", variable = ""]) => {
        const name = property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        if (known[name] === undefined)
          throw new Error(`provider.js: ${property} is no setting of the Terraform provider`);
        return [name, { env: [variable] }];
      }),
  );
}
