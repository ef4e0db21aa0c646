import type { Request } from "express";

/** A wildcard at a route's end (`/*path`), as one string: express 5 gives its segments. */
export function pathParameter(request: Request): string {
  const { path } = request.params;
  return Array.isArray(path) ? path.join("/") : (path ?? "");
}
