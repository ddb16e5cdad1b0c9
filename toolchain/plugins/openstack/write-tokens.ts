/**
 * Writes tokens.json anew, after a change of the npm package's or the Terraform provider's version:
 *   <plugin folder>/pulumi-resource-openstack -get-provider-info | tsx toolchain/plugins/openstack/write-tokens.ts
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProviderInfo } from "./terraform";
import { tokenTable } from "./token-table";

const packageDir = dirname(require.resolve("@pulumi/openstack/package.json"));
const output = join(__dirname, "tokens.json");
const info = JSON.parse(readFileSync(0, "utf8")) as ProviderInfo;
writeFileSync(`${output}.new`, tokenTable(packageDir, info));
renameSync(`${output}.new`, output);
