import type { Source } from "./types.ts";

/** Those of the found sources that a reply names; with the page when it names that page's number too. */
export function citedSources(reply: string, found: readonly Source[]): Source[] {
  const text = reply.toLowerCase();
  const numbers = new Set(reply.match(/\d+/g));
  const cited = new Map<string, Source>();
  for (const { name, page } of found) {
    if (!text.includes(name.toLowerCase())) continue;
    if (page !== null && !numbers.has(String(page))) continue;
    cited.set(JSON.stringify([name, page]), { name, page });
  }
  for (const { name } of found) {
    const isNamed = text.includes(name.toLowerCase());
    const isCited = [...cited.values()].some((source) => source.name === name);
    if (isNamed && !isCited) cited.set(name, { name, page: null });
  }
  return [...cited.values()];
}
