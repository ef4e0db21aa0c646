/** Shapes that only a real credential has. Few and sure: a check that cries wolf is switched off. */
const PATTERNS: [what: string, pattern: RegExp][] = [
  ["an OpenAI key", /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{40,}/],
  ["an Anthropic key", /\bsk-ant-[A-Za-z0-9_-]{40,}/],
  ["a Google API key", /\bAIza[0-9A-Za-z_-]{35}/],
  ["a Meta access token", /\bEAA[A-Za-z0-9]{30,}/],
  ["a Slack token", /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/],
  [
    "a Slack webhook",
    /hooks\.slack\.com\/services\/T[A-Z0-9]{6,}\/B[A-Z0-9]{6,}\/[A-Za-z0-9]{16,}/,
  ],
  ["a GitHub token", /\bgh[opusr]_[A-Za-z0-9]{36}/],
  ["an AWS key", /\bAKIA[0-9A-Z]{16}\b/],
  ["a JSON web token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ["a private key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/],
  ["a key of 32 bytes in base64", /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])/],
];

/** What looks like a secret in a text, with its line but never the secret itself. */
export function secretsIn(path: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      PATTERNS.filter(([, pattern]) => pattern.test(line)).map(
        ([what]) => `${path}:${index + 1} looks like ${what}`,
      ),
    );
}
