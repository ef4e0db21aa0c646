/**
 * The scope that a request asks for and that none of a token's scopes grants, else undefined
 * (Windmill: windmill-api-auth/src/scopes.rs, check_route_access). Only `jobs:run` scopes are known
 * here, since no token of ours has another.
 */
export function missingScope(
  scopes: readonly string[],
  method: string,
  path: string,
): string | undefined {
  // after /api, a workspace's routes begin with /w/<workspace>/
  const [domain = "", ...rest] = path.replace(/^\/(?:w\/[^/]+\/)?/, "").split("/");
  if (domain === "jobs" && rest[0] === "run" && rest[1] !== undefined) {
    const kind = rest[1] === "f" ? "flows" : "scripts";
    const required = `jobs:run:${kind}:${rest.slice(2).join("/")}`;
    return scopes.some((scope) => grantsRun(scope, required)) ? undefined : required;
  }
  const mayFollowRuns = scopes.some((scope) => scope.startsWith("jobs:run"));
  if (method === "GET" && domain === "jobs_u" && mayFollowRuns) return undefined;
  return `${domain.replace(/_u$/, "")}:${method === "GET" ? "read" : "write"}`;
}

/** `*` stands for the rest of a path, and only at its end (resource_matches_pattern). */
function grantsRun(scope: string, required: string): boolean {
  if (!scope.endsWith("/*")) return scope === required;
  return required.startsWith(scope.slice(0, -1));
}
