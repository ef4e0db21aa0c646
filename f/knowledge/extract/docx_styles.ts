import { readXml } from "./docx_xml.ts";

interface Style {
  level: number | undefined;
  basedOn: string | undefined;
}

/** Styles are based on each other, in a circle if somebody wants it so. */
const LONGEST_CHAIN = 10;

/**
 * The heading level (1 is the highest; 0 the title) of each style that is a heading. A style's id and shown name are
 * in the author's language; a built-in style's `w:name` is "heading 1" in all of them.
 */
export function headingLevels(stylesXml: string): Map<string, number> {
  const styles = readStyles(stylesXml);
  const levels = new Map<string, number>();
  for (const id of styles.keys()) {
    let style = styles.get(id);
    for (let step = 0; style && step < LONGEST_CHAIN; step++) {
      if (style.level !== undefined) {
        levels.set(id, style.level);
        break;
      }
      style = styles.get(style.basedOn ?? "");
    }
  }
  return levels;
}

function readStyles(xml: string): Map<string, Style> {
  const styles = new Map<string, Style>();
  let style: Style | undefined;
  readXml(xml, {
    open(name, attributes) {
      const value = attributes["w:val"] ?? "";
      if (name === "w:style") {
        style = { level: undefined, basedOn: undefined };
        styles.set(attributes["w:styleId"] ?? "", style);
      } else if (style && name === "w:name") style.level ??= levelNamed(value);
      else if (style && name === "w:basedOn") style.basedOn = value;
      else if (style && name === "w:outlineLvl") style.level ??= outlineLevel(value);
    },
    close(name) {
      if (name === "w:style") style = undefined;
    },
    text: () => undefined,
  });
  return styles;
}

function levelNamed(name: string): number | undefined {
  const level = /^heading ([1-9])$/i.exec(name)?.[1];
  if (level !== undefined) return Number(level);
  return name.toLowerCase() === "title" ? 0 : undefined;
}

/** 0 is the highest level, 9 is body text. */
export function outlineLevel(value: string): number | undefined {
  return /^[0-8]$/.test(value) ? Number(value) + 1 : undefined;
}
