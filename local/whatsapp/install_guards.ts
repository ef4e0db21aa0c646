import type { ErrorRequestHandler, Express } from "express";
import { GraphError, sendGraphError } from "./graph_error.ts";
import type { PhoneNumber } from "./types.ts";

/** The Graph API versions that answered in November 2026; v21.0 goes in January 2027. */
const OLDEST_VERSION = 21;
const NEWEST_VERSION = 26;

/** Paths begin with a version that Meta still serves. */
export function installVersion(app: Express): void {
  app.use("/:version", (req, _res, next) => {
    const version = Number(/^v(\d+)\.0$/.exec(req.params.version)?.[1]);
    if (version >= OLDEST_VERSION && version <= NEWEST_VERSION) return next();
    throw new GraphError({ code: 2500, details: `Unknown path components: ${req.originalUrl}` });
  });
}

/** A number answers only to its own token; Graph does not tell a foreign number from none. */
export function installBearer(app: Express, phoneNumbers: ReadonlyMap<string, PhoneNumber>): void {
  app.use("/:version/:id", (req, _res, next) => {
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? "")?.[1];
    const owned = [...phoneNumbers.values()].filter((number) => number.accessToken === token);
    if (owned.length === 0) {
      throw new GraphError({ code: 190, details: "The access token is missing or not valid." });
    }
    if (/^\/(messages|media)$/.test(req.path)) {
      const mine = owned.some((number) => number.phoneNumberId === req.params.id);
      if (!mine) throw unknownObject(req.params.id);
    }
    next();
  });
}

export function installErrors(app: Express): void {
  app.use((req, _res, next) => next(unknownObject(req.path)));
  const handler: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    if (error instanceof GraphError) return sendGraphError(res, error);
    const badBody = error instanceof SyntaxError;
    const details = error instanceof Error ? error.message : String(error);
    sendGraphError(
      res,
      new GraphError(badBody ? { code: 100, details } : { code: 1, status: 500, details }),
    );
  };
  app.use(handler);
}

export function unknownObject(id: string): GraphError {
  return new GraphError({
    code: 100,
    subcode: 33,
    details: `Object with ID '${id}' does not exist or cannot be loaded due to missing permissions.`,
  });
}
