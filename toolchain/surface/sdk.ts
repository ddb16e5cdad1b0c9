import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { acceptsUndefined, declarationsOf, memberName, structural, type Declarations } from "./sdk-types";
import type { Member, Properties, Property, Surface } from "./surface";

/**
 * Reads a provider's surface from its npm package: the types from the `.d.ts` files, the tokens and secrets from the
 * `.js` beside them.
 */
export function readSdk(packageDir: string): Surface {
  const declarations = readTypes(join(packageDir, "types"));
  const resources: Record<string, Member> = {};
  const functions: Record<string, Member> = {};
  for (const file of filesBelow(packageDir, ".d.ts")) {
    const script = file.replace(/\.d\.ts$/, ".js");
    const code = readFileSync(script, "utf8");
    const source = parse(file);
    for (const [, className, token] of code.matchAll(/^(\w+)\.__pulumiType = '([^']+)';$/gm)) {
      if (className !== undefined && token !== undefined)
        resources[token] = resourceOf(source, className, code, declarations);
    }
    const invoked = /pulumi\.runtime\.invoke\("([^"]+)"/.exec(code)?.[1];
    const name = invoked?.split(":")[2];
    if (invoked !== undefined && name !== undefined) functions[invoked] = functionOf(source, name, declarations);
  }
  return { resources, functions };
}

function filesBelow(dir: string, suffix: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((path) => path.endsWith(suffix) && !relative(dir, path).startsWith("types"))
    .sort();
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
}

function readTypes(dir: string): Declarations {
  const enums = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) =>
    /^enums\/.*\.d\.ts$/.test(name),
  );
  return new Map([
    ...declarationsOf(parse(join(dir, "input.d.ts")), "inputs"),
    ...declarationsOf(parse(join(dir, "output.d.ts")), "outputs"),
    ...enums.flatMap((name) => {
      const module = name.split("/").slice(1, -1).join(".");
      return [...declarationsOf(parse(join(dir, name)), module === "" ? "enums" : `enums.${module}`)];
    }),
  ]);
}

function resourceOf(source: ts.SourceFile, className: string, code: string, declarations: Declarations): Member {
  const declared = source.statements.filter(ts.isClassDeclaration).find((node) => node.name?.text === className);
  if (declared === undefined) throw new Error(`${source.fileName}: class ${className} is not declared`);
  const outputs = declared.members
    .filter(ts.isPropertyDeclaration)
    .filter((member) => member.type !== undefined && !isStatic(member));
  return {
    inputs: interfaceOf(
      source,
      `${className}Args`,
      secretsIn(code, /\["(\w+)"\] = [^;\n]*pulumi\.secret\(/g),
      declarations,
    ),
    outputs: propertiesOf(
      outputs,
      secretsIn(code, /"(\w+)"(?=[^\]]*\])/g, /additionalSecretOutputs: (\[[^\]]*\])/),
      declarations,
    ),
  };
}

function isStatic(member: ts.PropertyDeclaration): boolean {
  return member.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.StaticKeyword) ?? false;
}

function functionOf(source: ts.SourceFile, name: string, declarations: Declarations): Member {
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return {
    inputs: interfaceOf(source, `${title}Args`, new Set(), declarations),
    outputs: interfaceOf(source, `${title}Result`, new Set(), declarations),
  };
}

/** Names that `pattern` captures, within the part of the code that `within` captures where one is given. */
function secretsIn(code: string, pattern: RegExp, within?: RegExp): ReadonlySet<string> {
  const part = within === undefined ? code : (within.exec(code)?.[1] ?? "");
  return new Set([...part.matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [name])));
}

function interfaceOf(
  source: ts.SourceFile,
  name: string,
  secrets: ReadonlySet<string>,
  declarations: Declarations,
): Properties {
  const declared = source.statements.filter(ts.isInterfaceDeclaration).find((node) => node.name.text === name);
  return propertiesOf(declared?.members.filter(ts.isPropertySignature) ?? [], secrets, declarations);
}

type PropertyNode = ts.PropertySignature | ts.PropertyDeclaration;

function propertiesOf(
  members: readonly PropertyNode[],
  secrets: ReadonlySet<string>,
  declarations: Declarations,
): Properties {
  return Object.fromEntries(members.map((member) => [memberName(member), propertyOf(member, secrets, declarations)]));
}

function propertyOf(member: PropertyNode, secrets: ReadonlySet<string>, declarations: Declarations): Property {
  if (member.type === undefined) throw new Error(`${member.getSourceFile().fileName}: ${member.getText()} has no type`);
  return {
    type: structural(member.type, declarations),
    required: member.questionToken === undefined && !acceptsUndefined(member.type),
    secret: secrets.has(memberName(member)),
    deprecated: ts.getJSDocDeprecatedTag(member) !== undefined,
  };
}
