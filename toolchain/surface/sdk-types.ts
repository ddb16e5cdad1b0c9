import { objectType } from "./surface";
import ts from "typescript";

/**
 * The interfaces and aliases that an SDK's `types/*.d.ts` declare, by their dotted path
 * (`inputs.networking.PortFixedIp`).
 */
export type Declarations = ReadonlyMap<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>;

/**
 * Collects what a `types/{input,output}.d.ts` or `types/enums/**` file declares, under the prefix by which other files
 * refer to it.
 */
export function declarationsOf(source: ts.SourceFile, prefix: string): Declarations {
  const found = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
  const visit =
    (path: string) =>
    (node: ts.Node): void => {
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
        found.set(`${path}.${node.name.text}`, node);
      } else if (ts.isModuleDeclaration(node) && node.body !== undefined && ts.isModuleBlock(node.body)) {
        node.body.statements.forEach(visit(`${path}.${node.name.text}`));
      }
    };
  source.statements.forEach(visit(prefix));
  return found;
}

const wrappers = new Set(["pulumi.Input", "pulumi.Output"]);
const leaves: Readonly<Record<string, string>> = {
  "pulumi.asset.Archive": "Archive",
  "pulumi.asset.Asset": "Asset",
};

/** Prints a declared type structurally: wrappers gone, names resolved, enums as the primitive they are. */
export function structural(node: ts.TypeNode, declarations: Declarations, seen: readonly string[] = []): string {
  const inner = (child: ts.TypeNode): string => structural(child, declarations, seen);
  if (ts.isParenthesizedTypeNode(node)) return inner(node.type);
  if (ts.isArrayTypeNode(node)) return `${inner(node.elementType)}[]`;
  if (ts.isUnionTypeNode(node)) return union(node.types.filter(isDefined).map(inner));
  if (ts.isTypeLiteralNode(node)) return literal(node, declarations, seen);
  if (ts.isTypeReferenceNode(node)) return reference(node, declarations, seen);
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return "string";
  return node.getText();
}

function isDefined(node: ts.TypeNode): boolean {
  return node.kind !== ts.SyntaxKind.UndefinedKeyword;
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)].sort();
  return distinct.length === 1 ? (distinct[0] ?? "") : distinct.join(" | ");
}

function literal(node: ts.TypeLiteralNode, declarations: Declarations, seen: readonly string[]): string {
  const index = node.members.find(ts.isIndexSignatureDeclaration);
  if (index !== undefined) return `Record<string, ${structural(index.type, declarations, seen)}>`;
  return objectType(fieldsOf(node.members, declarations, seen));
}

function reference(node: ts.TypeReferenceNode, declarations: Declarations, seen: readonly string[]): string {
  const name = node.typeName.getText();
  const argument = node.typeArguments?.[0];
  if (wrappers.has(name) && argument !== undefined) return structural(argument, declarations, seen);
  const leaf = leaves[name];
  if (leaf !== undefined) return leaf;
  // Resource references are passed as such; their own shape is compared where the resource is.
  const declaration = declarations.get(name);
  if (declaration === undefined)
    throw new Error(`${node.getSourceFile().fileName}: type ${name} is not declared by the SDK`);
  if (ts.isTypeAliasDeclaration(declaration)) return alias(declaration, declarations, seen);
  if (seen.includes(name)) return name;
  return objectType(fieldsOf(declaration.members, declarations, [...seen, name]));
}

/** `type Logging = (typeof Logging)[keyof typeof Logging]` is how an SDK spells an enum of strings. */
function alias(declaration: ts.TypeAliasDeclaration, declarations: Declarations, seen: readonly string[]): string {
  return ts.isIndexedAccessTypeNode(declaration.type) ? "string" : structural(declaration.type, declarations, seen);
}

function fieldsOf(
  members: ts.NodeArray<ts.TypeElement>,
  declarations: Declarations,
  seen: readonly string[],
): [string, string, boolean][] {
  return members.filter(ts.isPropertySignature).map((member) => {
    if (member.type === undefined) throw new Error(`${member.getText()}: has no type`);
    const required = member.questionToken === undefined && !acceptsUndefined(member.type);
    return [memberName(member), structural(member.type, declarations, seen), required];
  });
}

export function memberName(member: ts.PropertySignature | ts.PropertyDeclaration): string {
  return ts.isStringLiteral(member.name) ? member.name.text : member.name.getText();
}

/** `Output<T | undefined>` is how an SDK marks an output that may be absent. */
export function acceptsUndefined(node: ts.TypeNode): boolean {
  if (ts.isUnionTypeNode(node)) return !node.types.every(isDefined);
  const argument =
    ts.isTypeReferenceNode(node) && wrappers.has(node.typeName.getText()) ? node.typeArguments?.[0] : undefined;
  return argument !== undefined && acceptsUndefined(argument);
}
