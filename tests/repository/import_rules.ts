import { importedPath, importsOf, packageOf } from "../../local/metadata/imports.ts";

/** Which of our folders the files of a folder may import from: design, "the house". */
const MAY_IMPORT: Record<string, string[]> = {
  "f/chat": ["f/chat", "f/knowledge", "f/platform"],
  "f/operations": ["f/operations", "f/knowledge", "f/platform"],
  "f/knowledge": ["f/knowledge", "f/platform"],
  "f/platform": ["f/platform"],
  "f/tools": ["f/tools"],
  "webhook-server": ["webhook-server"],
  deploy: ["deploy", "db", "f/platform"],
  local: ["local", "db", "webhook-server", "f/chat", "f/knowledge", "f/operations", "f/platform"],
};

/** The agent's loop is pure: what it needs of the outside world is passed in. */
const AGENT = "f/chat/agent/";
const AGENT_PACKAGES = ["zod", "marked"];

function folderOf(path: string): string {
  const depth = path.startsWith("f/") ? 2 : 1;
  return path.split("/").slice(0, depth).join("/");
}

/** What is wrong with the imports of one file, a sentence each. Types count too, but for the agent. */
export function importProblems(path: string, source: string): string[] {
  return importsOf(source).flatMap(({ specifier, isTypeOnly }) => {
    const imported = importedPath(path, specifier);
    const problems = imported
      ? pathProblems(path, specifier, imported)
      : packageProblems(path, specifier, isTypeOnly);
    return problems.map((problem) => `${path} imports ${specifier}: ${problem}`);
  });
}

function pathProblems(path: string, specifier: string, imported: string): string[] {
  const problems: string[] = [];
  const allowed = MAY_IMPORT[folderOf(path)];
  if (allowed && !allowed.includes(folderOf(imported))) {
    problems.push(`${folderOf(path)} may import from ${allowed.join(", ")}`);
  }
  // Windmill's loader (loader.bun.js) resolves only .ts, so no JSON, SQL or text either.
  if (path.startsWith("f/") && !specifier.endsWith(".ts")) {
    problems.push("under f/, a relative import ends in .ts");
  }
  return problems;
}

function packageProblems(path: string, specifier: string, isTypeOnly: boolean): string[] {
  const name = packageOf(specifier);
  if (!path.startsWith(AGENT) || isTypeOnly || name === undefined) return [];
  return AGENT_PACKAGES.includes(name) ? [] : ["agent/ imports no client: it is passed in"];
}

/** The clients that a file of agent/ loads through others' files, as the way there. */
export function clientsBehind(path: string, sources: ReadonlyMap<string, string>): string[] {
  const seen = new Set<string>();
  const visit = (file: string, way: string[]): string[] => {
    if (seen.has(file)) return [];
    seen.add(file);
    return importsOf(sources.get(file) ?? "")
      .filter(({ isTypeOnly }) => !isTypeOnly)
      .flatMap(({ specifier }) => {
        const imported = importedPath(file, specifier);
        if (imported) return visit(imported, [...way, imported]);
        const name = packageOf(specifier);
        if (name === undefined || AGENT_PACKAGES.includes(name)) return [];
        return [[...way, name].join(" → ")];
      });
  };
  return visit(path, [path]);
}
