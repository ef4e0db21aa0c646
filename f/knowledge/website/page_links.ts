import { Parser } from "htmlparser2";

export interface PageLinks {
  /** whitespace in one piece; empty when there is none */
  readonly title: string;
  /** the address under which the page wants to be known */
  readonly canonical: string | undefined;
  /** absolute, in order, each once */
  readonly links: readonly string[];
}

/** A page that links to more is a list of links, and what is deeper nested is made to hurt. */
const MAX_LINKS = 2_000;
const MAX_DEPTH = 500;

/** Reads until one of the limits, without building a tree: an 11 KB page can hang one that does. */
export function readLinks(html: string, pageUrl: string): PageLinks {
  const links = new Set<string>();
  let title = "";
  let canonical: string | undefined;
  let base = pageUrl;
  let depth = 0;
  let isTitle = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      depth++;
      if (depth > MAX_DEPTH || links.size >= MAX_LINKS) throw new EnoughError();
      const { href, rel = "" } = attributes;
      isTitle = name === "title" && title === "";
      if (href === undefined) return;
      if (name === "base") base = absolute(href, pageUrl) ?? base;
      if (name === "link" && /\bcanonical\b/i.test(rel)) canonical ??= absolute(href, base);
      const link = name === "a" && !/\bnofollow\b/i.test(rel) ? absolute(href, base) : undefined;
      if (link) links.add(link);
    },
    ontext(part) {
      if (isTitle && title.length < 1_000) title += part;
    },
    onclosetag() {
      depth--;
      isTitle = false;
    },
  });
  try {
    parser.end(html);
  } catch (error) {
    if (!(error instanceof EnoughError)) throw error;
  }
  return { title: title.replace(/\s+/g, " ").trim(), canonical, links: [...links] };
}

/** Its handlers have no other way to stop a parser. */
class EnoughError extends Error {
  override readonly name = "EnoughError";
}

function absolute(href: string, base: string): string | undefined {
  return URL.canParse(href, base) ? new URL(href, base).href : undefined;
}
