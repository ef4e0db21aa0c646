import { isJsonObject, type Json, type JsonObject } from "../json.ts";

/** Windmill: windmill-worker common.rs, MAX_INTERPOLATION_DEPTH and the limits on arrays. */
const MAX_DEPTH = 50;
const MAX_ARRAY_DEPTH = 2;
const MAX_ARRAY_ITEMS = 1000;
const TOKEN = /\$(?:var|res|jsonvar|encrypted):|\$interpolate/;

/** Reads a workspace's values; throws when there is none at the path. */
export interface ValueReader {
  variable(path: string): string;
  resource(path: string): Json;
  /** WM_TOKEN and its like, by name. */
  reserved(name: string): string | undefined;
}

export class InterpolationFailed extends Error {
  readonly argument: string;

  constructor(name: string, argument: string, problem: string, cause?: unknown) {
    super(problem, { cause });
    this.name = name;
    this.argument = argument;
  }
}

/**
 * What the worker does to a job's arguments before main sees them: strings that begin with
 * `$var:`, `$res:` or `$jsonvar:` become the value of that name, at any depth in objects. Only
 * an argument that holds such a token anywhere is walked; in it, `$WM_TOKEN` and the other
 * reserved names are replaced too.
 */
export function interpolateArgs(args: JsonObject, reader: ValueReader): JsonObject {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      TOKEN.test(JSON.stringify(value)) ? interpolate(name, value, reader, 0) : value,
    ]),
  );
}

export function interpolate(name: string, value: Json, reader: ValueReader, depth: number): Json {
  if (depth >= MAX_DEPTH) {
    throw new InterpolationFailed(
      "InternalErr",
      name,
      `Maximum resource/variable interpolation depth (${MAX_DEPTH}) exceeded for \`${name}\``,
    );
  }
  if (typeof value === "string") return interpolateString(name, value, reader);
  if (Array.isArray(value)) {
    if (depth > MAX_ARRAY_DEPTH || value.length > MAX_ARRAY_ITEMS) return value;
    return value.map((item) => interpolate(name, item, reader, depth + 1));
  }
  if (!isJsonObject(value)) return value;
  const joined = joinInterpolate(name, value, reader);
  if (joined !== undefined) return joined;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, interpolate(key, inner, reader, depth + 1)]),
  );
}

function interpolateString(name: string, value: string, reader: ValueReader): Json {
  const path = value.slice(value.indexOf(":") + 1);
  if (value.startsWith("$var:")) return readVariable(name, path, reader);
  if (value.startsWith("$jsonvar:")) return parseJsonVariable(name, path, reader);
  if (value.startsWith("$res:")) return readResource(name, path, reader);
  if (value.startsWith("$encrypted:")) {
    throw new InterpolationFailed(
      "NotSupported",
      name,
      `Argument \`${name}\` is $encrypted:, which the local Windmill does not support.`,
    );
  }
  return value.startsWith("$") ? (reader.reserved(value.slice(1)) ?? value) : value;
}

function readVariable(name: string, path: string, reader: ValueReader): string {
  try {
    return reader.variable(path);
  } catch (error) {
    throw notFound(name, `Variable ${path} not found for \`${name}\``, error);
  }
}

function readResource(name: string, path: string, reader: ValueReader): Json {
  if (!path.includes("/")) {
    const problem = `Argument \`${name}\` is an invalid resource path: ${path}`;
    throw new InterpolationFailed("InternalErr", name, problem);
  }
  try {
    return reader.resource(path);
  } catch (error) {
    throw notFound(name, `Resource ${path} not found for \`${name}\``, error);
  }
}

function parseJsonVariable(name: string, path: string, reader: ValueReader): Json {
  const text = readVariable(name, path, reader);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const problem = `Failed to parse $jsonvar value as JSON for \`${name}\`: ${path}`;
    throw new InterpolationFailed("InternalErr", name, problem, error);
  }
}

/** `{"$interpolate": ["text", {"$var": "path"}]}`: what Windmill makes of a template literal. */
function joinInterpolate(name: string, value: JsonObject, reader: ValueReader): string | undefined {
  const parts = value.$interpolate;
  if (Object.keys(value).length !== 1 || !Array.isArray(parts)) return undefined;
  const paths = parts.map((part) => {
    if (typeof part === "string") return { text: part };
    const path = isJsonObject(part) && Object.keys(part).length === 1 ? part.$var : undefined;
    return typeof path === "string" ? { path } : undefined;
  });
  if (paths.includes(undefined)) return undefined;
  return paths
    .map((part) => (part?.path === undefined ? part?.text : readVariable(name, part.path, reader)))
    .join("");
}

function notFound(name: string, problem: string, cause: unknown): InterpolationFailed {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InterpolationFailed("NotFound", name, `${problem}: ${reason}`, cause);
}
