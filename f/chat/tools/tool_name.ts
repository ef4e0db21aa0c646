import { createHash } from "node:crypto";

/** OpenAI's and Gemini's limit: 64 of letters, digits, _ and -. */
const MAX_LENGTH = 64;
const HASH_LENGTH = 8;

/**
 * What a model calls an integration's tool: `<integration>__<tool>`, so that no integration can shadow another's tool.
 * A name that providers would refuse is made to fit; the hash of the whole keeps two such names apart.
 */
export function toolName(integration: string, tool: string): string {
  const name = `${integration}__${tool}`;
  if (name.length <= MAX_LENGTH && /^[a-zA-Z0-9_-]+$/.test(name)) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, HASH_LENGTH);
  const fitting = name.replace(/[^a-zA-Z0-9_-]/g, "_");
  return `${fitting.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}_${hash}`;
}
