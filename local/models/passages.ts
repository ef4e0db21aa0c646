import { z } from "zod";

export interface Passage {
  /** The document's name, or "" when the tool did not say. */
  source: string;
  page?: number | undefined;
  content: string;
}

const resultSchema = z.looseObject({
  passages: z.array(
    z.looseObject({
      source: z.string().default(""),
      page: z.coerce.number().int().positive().nullish().catch(undefined),
      content: z.string(),
    }),
  ),
});

/** What a search tool answered. A result that says nothing about passages has failed. */
export function passagesFrom(toolResult: string): { passages: Passage[]; failed: boolean } {
  const parsed = resultSchema.safeParse(jsonIn(toolResult));
  if (!parsed.success) return { passages: [], failed: true };
  const passages = parsed.data.passages.map(({ source, page, content }) => ({
    source,
    page: page ?? undefined,
    content,
  }));
  return { passages, failed: false };
}

/** The JSON object in a text: a prompt may wrap it in marks that call it data. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}
