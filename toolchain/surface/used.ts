import { existsSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import ts from "typescript";

/**
 * What a project's sources use of a provider's npm package, as the comparison of surfaces calls it: a member's token,
 * and its inputs and outputs after it. Of nested types, their name in the package and the field, e.g.
 * "compute.InstanceNetwork port".
 *
 * @param folders folders of the project, or files, that are looked through.
 */
export function usedOf(project: string, packageDir: string, folders: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(project, "tsconfig.json"), (path) => readFileSync(path, "utf8")) as {
    config: unknown;
  };
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
  const roots = fileNames.filter((file) =>
    folders.some((folder) => file === join(project, folder) || file.startsWith(join(project, folder) + sep)),
  );
  const program = ts.createProgram(roots, options);
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    for (const declaration of declarationsOf(node, program.getTypeChecker())) {
      const what = describe(declaration, packageDir);
      if (what !== undefined) used.add(what);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) if (roots.includes(file.fileName)) visit(file);
  return [...used].sort();
}

/** Where the property that a node reads or gives is declared. */
function declarationsOf(node: ts.Node, checker: ts.TypeChecker): readonly ts.Declaration[] {
  if (ts.isPropertyAccessExpression(node)) return checker.getSymbolAtLocation(node.name)?.declarations ?? [];
  if (!ts.isPropertyAssignment(node) && !ts.isShorthandPropertyAssignment(node)) return [];
  const wanted = contextOf(node.parent, checker);
  const types = wanted === undefined ? [] : wanted.isUnion() ? wanted.types : [wanted];
  return types.flatMap((type) => type.getProperty(node.name.getText())?.declarations ?? []);
}

/**
 * What an object literal is to be; one that is spread into another, `...(given ? { a } : {})`, is to be what that one
 * is.
 */
function contextOf(literal: ts.ObjectLiteralExpression, checker: ts.TypeChecker): ts.Type | undefined {
  let node: ts.Node = literal;
  while (ts.isConditionalExpression(node.parent) || ts.isParenthesizedExpression(node.parent)) node = node.parent;
  if (ts.isSpreadAssignment(node.parent)) return contextOf(node.parent.parent, checker);
  return checker.getContextualType(literal);
}

function describe(declaration: ts.Declaration, packageDir: string): string | undefined {
  const path = ts.sys.realpath?.(declaration.getSourceFile().fileName) ?? declaration.getSourceFile().fileName;
  const owner = declaration.parent;
  if (
    !path.startsWith(packageDir + sep) ||
    !(ts.isInterfaceDeclaration(owner) || ts.isClassDeclaration(owner)) ||
    owner.name === undefined
  )
    return undefined;
  const property =
    ts.isPropertySignature(declaration) || ts.isPropertyDeclaration(declaration)
      ? declaration.name.getText()
      : undefined;
  if (property === undefined) return undefined;
  if (relative(packageDir, path).startsWith("types")) {
    const namespace = owner.parent.parent;
    return `${ts.isModuleDeclaration(namespace) ? `${namespace.name.text}.` : ""}${owner.name.text} ${property}`;
  }
  const token = tokenOf(path.replace(/\.d\.ts$/, ".js"));
  return token === undefined
    ? undefined
    : `${token} ${owner.name.text.endsWith("Args") ? "input" : "output"} ${property}`;
}

function tokenOf(script: string): string | undefined {
  if (!existsSync(script)) return undefined;
  const code = readFileSync(script, "utf8");
  return (/__pulumiType = '([^']+)'/.exec(code) ?? /invoke\w*\("([^"]+)"/.exec(code))?.[1];
}
