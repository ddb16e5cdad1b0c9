import { stringify } from "yaml";
import { z } from "zod";
import { projectName, settingsKeys, settingsShape, type SettingsKey } from "./schema";

/** The default of a key, or undefined where a value is required or absence is the default. */
function defaultOf(key: SettingsKey): unknown {
  const schema: z.ZodType = settingsShape[key];
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? schema.parse(undefined) : undefined;
}

function isRequired(key: SettingsKey): boolean {
  return !settingsShape[key].safeParse(undefined).success;
}

/**
 * How often the OpenStack provider asks again: where it got no answer, and where the cloud wants it to come later (429
 * with Retry-After). Without it an update of many nodes fails on a cloud that limits its rate.
 */
const openstackRetries = 10;

/**
 * Text of Pulumi.yaml. Each key has an empty default there and no type: Pulumi's own check stops at the first fault and
 * knows no rules, so all judging is left to the program, which names every fault at once.
 */
export function pulumiYaml(): string {
  const config = Object.fromEntries(
    settingsKeys.map((key) => [
      key,
      {
        description: `${settingsShape[key].description}${note(key)}`,
        default: "",
      },
    ]),
  );
  const provider = { "openstack:maxRetries": openstackRetries };
  return `# Made from settings/schema.ts by \`npm run describe\`.\n${stringify(
    {
      name: projectName,
      description: "A highly available Docker Swarm on OpenStack",
      runtime: { name: "nodejs", options: { typescript: false } },
      main: "program.cjs",
      // for whoever runs Pulumi by hand, too: no other plugin of this name is looked for
      plugins: { providers: [{ name: "openstack", path: "toolchain/openstack" }] },
      config: { ...config, ...provider },
    },
    { lineWidth: 0 },
  )}`;
}

function note(key: SettingsKey): string {
  const value = defaultOf(key);
  if (isRequired(key)) return " Required.";
  return value === undefined ? "" : ` Default: ${JSON.stringify(value)}.`;
}

/** Text of docs/configuration.md. */
export function configurationPage(): string {
  const rows = settingsKeys.map((key) => {
    const value = defaultOf(key);
    const shown = isRequired(key) ? "required" : value === undefined ? "none" : `\`${JSON.stringify(value)}\``;
    return `| \`swarm:${key}\` | ${settingsShape[key].description} | ${shown} |`;
  });
  return [
    "# Configuration",
    "",
    "Made from `settings/schema.ts` by `npm run describe`. A stack's values stand in `Pulumi.<stack>.yaml`; every fault of",
    "them is named at once, before anything is touched.",
    "",
    "| key | what | default |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
