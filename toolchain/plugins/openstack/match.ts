import type { Member } from "../../surface/surface";
import type { TerraformSchema } from "./terraform";

/** Terraform's short names of services that Pulumi spells out. */
const services: Readonly<Record<string, string>> = { lb: "loadbalancer", fw: "firewall", db: "database" };

/** Pairs every Terraform member with the SDK's token for it; refuses anything but a bijection. */
export function match(
  terraform: Readonly<Record<string, TerraformSchema>>,
  sdk: Readonly<Record<string, Member>>,
): [name: string, token: string][] {
  const scored = Object.entries(terraform).flatMap(([name, schema]) =>
    Object.entries(sdk).map(([token, member]) => ({ name, token, score: likeness(name, schema, token, member) })),
  );
  const names = new Set(Object.keys(terraform));
  const tokens = new Set(Object.keys(sdk));
  const pairs: [string, string][] = [];
  for (const { name, token, score } of scored.sort((a, b) => b.score - a.score)) {
    if (!names.has(name) || !tokens.has(token) || score < leastLikeness) continue;
    names.delete(name);
    tokens.delete(token);
    pairs.push([name, token]);
  }
  if (names.size + tokens.size > 0) throw new Error(`no partner found for: ${[...names, ...tokens].join(", ")}`);
  return pairs.sort(([a], [b]) => a.localeCompare(b));
}

// A pair that shares no more than this is no pair: a wrong one would have to miss nearly half of its properties.
const leastLikeness = 1;

/** 0 to 2 for the properties, 0 to 1 for the name. */
function likeness(name: string, schema: TerraformSchema, token: string, member: Member): number {
  const fields = Object.keys(schema).map((field) => singular(field.replaceAll("_", "")));
  const properties = Object.keys(member.outputs)
    .filter((property) => property !== "id")
    .map((property) => singular(property.toLowerCase()));
  return 2 * overlap(new Set(fields), new Set(properties)) + overlap(nameWords(name), tokenWords(token));
}

function singular(word: string): string {
  return word.replace(/ies$/, "y").replace(/s$/, "");
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const common = [...a].filter((element) => b.has(element)).length;
  return common / (a.size + b.size - common || 1);
}

function nameWords(name: string): ReadonlySet<string> {
  const [, service = "", ...rest] = name.split("_");
  return new Set([services[service] ?? service, ...versioned(rest.join(""))]);
}

/** `openstack:networking/network:Network`; members without a service of their own are in the module `index`. */
function tokenWords(token: string): ReadonlySet<string> {
  const [, module = "", type = ""] = token.split(":");
  const service = module.split("/")[0] ?? "";
  return new Set([service, ...versioned(type.replace(/^get/, "").toLowerCase())]);
}

/** The version is a word of its own: the SDK names it only where Terraform has several. */
function versioned(text: string): string[] {
  const found = /^(.*?)(v\d)?$/.exec(text);
  return [found?.[1] ?? text, ...(found?.[2] === undefined ? [] : [found[2]])];
}
