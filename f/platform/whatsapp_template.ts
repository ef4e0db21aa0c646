/** Meta: a template's body holds at most 1,024 characters; the rest is the template's own words. */
const MAX_PARAMETER_LENGTH = 900;
const CUT_MARK = "…";

/** Text as a template's parameter. Meta refuses line ends, tabs and more than four spaces in a row there. */
export function templateParameter(text: string): string {
  const line = text
    .replace(/\s*\n\s*/g, " · ")
    .replace(/\s+/g, " ")
    .trim();
  const characters = [...line];
  if (line.length <= MAX_PARAMETER_LENGTH) return line;
  let cut = "";
  for (const character of characters) {
    if (cut.length + character.length > MAX_PARAMETER_LENGTH - CUT_MARK.length) break;
    cut += character;
  }
  return cut.trimEnd() + CUT_MARK;
}
