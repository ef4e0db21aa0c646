import { posix } from "node:path";
import ts from "typescript";

export interface Import {
  specifier: string;
  /** Gone before the code runs: `import type …`, `export type …`, `import("…").Type`. */
  isTypeOnly: boolean;
}

/** Every module that a TypeScript source names, in the order it names them. */
export function importsOf(source: string): Import[] {
  const imports: Import[] = [];
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, false);
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== undefined) imports.push(found);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return imports;
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) {
    return named(node.moduleSpecifier, node.importClause?.isTypeOnly === true);
  }
  if (ts.isExportDeclaration(node)) return named(node.moduleSpecifier, node.isTypeOnly);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return named(node.argument.literal, true);
  }
  if (ts.isCallExpression(node) && isImportCall(node)) return named(node.arguments[0], false);
  return undefined;
}

function isImportCall(call: ts.CallExpression): boolean {
  if (call.expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  return ts.isIdentifier(call.expression) && call.expression.text === "require";
}

function named(specifier: ts.Node | undefined, isTypeOnly: boolean): Import | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return { specifier: specifier.text, isTypeOnly };
}

/** The repository path of a relative import, or of Windmill's absolute `/f/…`; undefined for a package. */
export function importedPath(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith("/f/")) return specifier.slice(1);
  if (!specifier.startsWith(".")) return undefined;
  return posix.normalize(posix.join(posix.dirname(importer), specifier));
}

/** `@scope/name/deep/file` → `@scope/name`; undefined for what is relative or built into Node or Bun. */
export function packageOf(specifier: string): string | undefined {
  if (/^[./]|^(node|bun):|^bun$/.test(specifier)) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
