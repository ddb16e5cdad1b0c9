import { stringify } from "yaml";
import { describeField, fieldsOf, mapsIn, unitOf, type Field } from "./fields";
import { projectName, settingsKeys, settingsShape, type SettingsKey } from "./schema";

/**
 * How often the OpenStack provider retries a request: one without an answer, and one that the cloud defers (429 with
 * Retry-After). Without it an update of many nodes fails on a cloud that limits its rate.
 */
const openstackRetries = 10;

/**
 * Text of Pulumi.yaml. Each key has an empty default and no type there: Pulumi's own check stops at the first fault and
 * knows no rules. The program checks everything and names every fault at once.
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

/** What the description of a key ends with: whether it is required, its default, where its fields are. */
function note(key: SettingsKey): string {
  const { required, fallback } = describeField(key, settingsShape[key]);
  const fields = mapsIn(settingsShape[key]).length > 0 ? " Its fields are in docs/configuration.md." : "";
  if (required) return ` Required.${fields}`;
  return fallback === undefined || fields !== "" ? fields : ` Default: ${JSON.stringify(fallback)}.`;
}

/** Text of docs/configuration.md. */
export function configurationPage(): string {
  const rows = settingsKeys.flatMap((key) => rowsOf(describeField(key, settingsShape[key]), `${projectName}:${key}`));
  return [
    "# Configuration",
    "",
    "Made from `settings/` by `npm run describe`. A stack's values stand in `Pulumi.<stack>.yaml`. The program names every fault",
    "of them at once, before it touches anything. The fields of a map follow below it.",
    "",
    "| key | what | default |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

/** The row of a value, and those of the fields within it. */
function rowsOf(field: Field, path: string): string[] {
  const maps = mapsIn(field.schema);
  return [
    `| \`${path}\` | ${field.description} | ${shownDefault(field, maps.length > 0)} |`,
    ...maps.flatMap(({ at, map }) => fieldsOf(map).flatMap((inner) => rowsOf(inner, `${path}${at}.${inner.name}`))),
  ];
}

function shownDefault({ schema, required, fallback }: Field, isMap: boolean): string {
  if (required) return "required";
  if (fallback === undefined) return "none";
  if (isMap && !Array.isArray(fallback)) return "below";
  return [`\`${JSON.stringify(fallback)}\``, unitOf(schema) ?? ""].join(" ").trim();
}
