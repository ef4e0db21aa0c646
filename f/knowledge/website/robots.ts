/** What a site's robots.txt says to us: RFC 9309. */
export interface Robots {
  /** `path` with its query */
  isAllowed(path: string): boolean;
  /** as they stand there */
  readonly sitemaps: readonly string[];
}

interface Rule {
  readonly isAllowed: boolean;
  readonly pattern: string;
}

/** The first word of the guarded client's user-agent. */
export const OUR_NAME = "whatsapp-chatbot-platform";

/** RFC 9309: at least 500 KiB are read. */
const MAX_CHARACTERS = 512 * 1024;

export const NO_ROBOTS: Robots = { isAllowed: () => true, sitemaps: [] };

export function readRobots(text: string): Robots {
  const groups = new Map<string, Rule[]>();
  const sitemaps: string[] = [];
  let agents: string[] = [];
  let isNaming = false;
  for (const line of text.slice(0, MAX_CHARACTERS).split(/\r?\n/)) {
    const [, field = "", value = ""] = /^\s*([a-z-]+)\s*:([^#]*)/i.exec(line) ?? [];
    const name = field.toLowerCase();
    const said = value.trim();
    if (name === "sitemap") sitemaps.push(said);
    if (name === "user-agent") {
      agents = isNaming ? [...agents, said.toLowerCase()] : [said.toLowerCase()];
      isNaming = true;
    } else if (name === "allow" || name === "disallow") {
      isNaming = false;
      // an empty one says nothing
      const rule = { isAllowed: name === "allow", pattern: said };
      for (const agent of said === "" ? [] : agents) {
        groups.set(agent, [...(groups.get(agent) ?? []), rule]);
      }
      for (const agent of agents) if (!groups.has(agent)) groups.set(agent, []);
    }
  }
  const rules = groups.get(OUR_NAME) ?? groups.get("*") ?? [];
  return { isAllowed: (path) => isAllowedBy(rules, path), sitemaps };
}

/** The longest pattern that fits decides, and of two as long the one that allows. */
function isAllowedBy(rules: readonly Rule[], path: string): boolean {
  const fitting = rules.filter(({ pattern }) => fits(pattern, path));
  const longest = Math.max(0, ...fitting.map(({ pattern }) => pattern.length));
  const deciding = fitting.filter(({ pattern }) => pattern.length === longest);
  return deciding.length === 0 || deciding.some(({ isAllowed }) => isAllowed);
}

/** `*` is anything, `$` the end. Not a RegExp: one made of a stranger's stars can take for ever. */
function fits(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith("$");
  const [start = "", ...parts] = (isWhole ? pattern.slice(0, -1) : pattern).split("*");
  if (!path.startsWith(start)) return false;
  const last = isWhole ? (parts.pop() ?? undefined) : undefined;
  let at = start.length;
  for (const part of parts) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  if (!isWhole) return true;
  return last === undefined
    ? at === path.length
    : path.length - last.length >= at && path.endsWith(last);
}
