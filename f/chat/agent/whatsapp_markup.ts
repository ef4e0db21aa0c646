import { Lexer, type Token, type Tokens } from "marked";

/**
 * Markdown as WhatsApp shows it: *bold*, _italic_, ~strike~, `code`, lists and quotes. It has no headings, tables
 * or links and no escape character, so these become text. Parsed and not replaced by patterns, which break
 * `__init__`, code and nested lists.
 */
export function toWhatsAppMarkup(markdown: string): string {
  return blocks(Lexer.lex(markdown, { gfm: true, breaks: true }))
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function blocks(tokens: readonly Token[]): string {
  return tokens.map(block).filter(Boolean).join("\n\n");
}

function block(token: Token): string {
  switch (token.type) {
    case "heading":
      return bold(inlineOf(token));
    case "list":
      return list(token as Tokens.List);
    case "blockquote":
      return blocks((token as Tokens.Blockquote).tokens).replace(/^/gm, "> ");
    case "code":
      return `\`\`\`${(token as Tokens.Code).text}\`\`\``;
    case "table":
      return table(token as Tokens.Table);
    case "space":
    case "hr":
    case "def":
    case "checkbox":
      return "";
    case "html":
      return withoutTags((token as Tokens.HTML).text);
    default:
      return inlineOf(token);
  }
}

function list({ items, ordered, start }: Tokens.List): string {
  return items
    .map((item, index) => {
      const mark = ordered ? `${Number(start) + index}. ` : "- ";
      const box = item.task ? (item.checked ? "☑ " : "☐ ") : "";
      const content = item.tokens.map(block).filter(Boolean).join("\n");
      return mark + box + content.replaceAll("\n", "\n  ");
    })
    .join("\n");
}

/** A row is a line: "Basic – 10 € – 1 user". */
function table({ header, rows }: Tokens.Table): string {
  const line = (cells: readonly Tokens.TableCell[]) =>
    cells.map((cell) => inline(cell.tokens)).join(" – ");
  return [bold(line(header)), ...rows.map(line)].join("\n");
}

function inlineOf(token: Token): string {
  const { tokens, text, raw } = token as Tokens.Text;
  return tokens ? inline(tokens) : withoutEntities(text ?? raw);
}

function inline(tokens: readonly Token[]): string {
  return tokens
    .map((token, at) => {
      const before = tokens[at - 1]?.raw.at(-1) ?? "";
      const after = tokens[at + 1]?.raw.at(0) ?? "";
      return inlineToken(token, { before, after });
    })
    .join("");
}

/** The characters beside a token. */
interface Beside {
  readonly before: string;
  readonly after: string;
}

function inlineToken(token: Token, beside: Beside): string {
  switch (token.type) {
    case "text":
      return (token as Tokens.Text).tokens ? inlineOf(token) : withBold(inlineOf(token));
    case "strong":
      return boldBeside(token.raw, inlineOf(token), beside);
    case "em":
      return isInWord(beside) ? token.raw : `_${inlineOf(token)}_`;
    case "del":
      return `~${inlineOf(token)}~`;
    case "codespan":
      return `\`${(token as Tokens.Codespan).text}\``;
    case "br":
      return "\n";
    case "link":
    case "image":
      return link(inlineOf(token), (token as Tokens.Link).href);
    case "html":
      return withoutTags((token as Tokens.HTML).text);
    default:
      return inlineOf(token);
  }
}

/** WhatsApp makes addresses tappable by itself. */
function link(text: string, href: string): string {
  return text === "" || text === href || `mailto:${text}` === href
    ? text || href
    : `${text} (${href})`;
}

/** Bold inside bold, such as in a heading, would end it; and so does the end of a line. */
function bold(text: string): string {
  const lines = text.replaceAll("*", "").trim().split("\n");
  return lines.map((line) => line.trim().replace(/^.+$/, "*$&*")).join("\n");
}

/** WhatsApp marks whole words only, and shows the marks inside one; what is written without spaces has no words. */
const OF_WORD = /(?!\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Thai})[\p{L}\p{N}]/u;

function isInWord({ before, after }: Beside): boolean {
  return OF_WORD.test(before) || OF_WORD.test(after);
}

/** Between digits the marks are arithmetic. */
function boldBeside(raw: string, text: string, beside: Beside): string {
  if (/\d/.test(beside.before) && /\d/.test(beside.after)) return raw;
  return isInWord(beside) ? text : bold(text);
}

/** CommonMark takes `**Note:**text` for no bold, since a sign stands before the mark; models mean it so. */
function withBold(text: string): string {
  return text.replace(/\*\*(?=\S)([^*\n]+)(?<=\S)\*\*/g, (raw, inner, at: number) => {
    const after = text.charAt(at + raw.length);
    return boldBeside(raw, inner, { before: text.charAt(at - 1), after });
  });
}

/** Models write HTML's entities now and then; the five of XML, the space, and numbers are those that they use. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

function withoutEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi,
    (entity, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? entity;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : entity;
    },
  );
}

function withoutTags(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<br\s*\/?>/gi, "\n")
    .replace(/<\/?[a-z][^>]*>/gi, "");
}
