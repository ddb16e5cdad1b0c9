import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { firewallPage } from "../components/firewall-rules";
import { configurationPage, pulumiYaml } from "../settings/describe";

/** Files that are made from the program, by path from the project's root; `npm run describe` writes them. */
export const madeFiles: Readonly<Record<string, () => string>> = {
  "Pulumi.yaml": pulumiYaml,
  "docs/configuration.md": configurationPage,
  "docs/firewall.md": firewallPage,
};

if (require.main === module) {
  for (const [path, text] of Object.entries(madeFiles)) writeFileSync(join(__dirname, "..", path), text());
}
