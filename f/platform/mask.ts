/** What must not reach an alert, and what stands in its place. Order matters: the first match wins a piece of text. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\bhttps:\/\/hooks\.slack\.com\/\S+/gi, "[slack webhook]"],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+):[^\s@]+@/gi, "$1:[password]@"],
  [/\bBearer\s+[\w.~+/-]+=*/gi, "Bearer [token]"],
  // OpenAI, Meta, Google, GitHub
  [/\b(?:sk-|EAA|AIza|gh[pousr]_)[\w-]{12,}/g, "[key]"],
  [
    /("?(?:api_?key|password|secret|access_token|authorization)"?\s*[:=]\s*"?)[^\s",}]+/gi,
    "$1[secret]",
  ],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "[e-mail]"],
  // E.164 has at most 15 digits; part of an id or of a decimal it is none
  [/(?<![\w.-])\+?\d(?:[ ()-]{0,2}\d){7,14}(?![\w-])/g, "[phone]"],
];

/** Replaces credentials, e-mail addresses and phone numbers in a text that is shown to an operator. */
export function maskSecrets(text: string): string {
  return MASKS.reduce((masked, [pattern, stand]) => masked.replace(pattern, stand), text);
}
