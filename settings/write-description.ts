import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationPage, pulumiYaml } from "./describe";

// Writes what is made from the schema; run by `npm run describe`.
const root = join(__dirname, "..");
writeFileSync(join(root, "Pulumi.yaml"), pulumiYaml());
writeFileSync(join(root, "docs", "configuration.md"), configurationPage());
