import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesOfTheTree, ROOT } from "../../local/metadata/tree.ts";
import { secretsIn } from "./secret_patterns.ts";

/** Made for these tests alone and trusted by nobody: a TLS server cannot start without one. */
const TEST_KEYS = "tests/fixtures/tls/";

/** Built here, so that this file holds none. */
const SAMPLES: [what: string, sample: string][] = [
  ["an OpenAI key", `sk-proj-${"a1B2".repeat(12)}`],
  ["an Anthropic key", `sk-ant-${"a1B2".repeat(12)}`],
  ["a Google API key", `AIza${"a1B2c".repeat(7)}`],
  ["a Meta access token", `EAA${"Zb3Q".repeat(10)}`],
  ["a Slack token", `xoxb-${"12345".repeat(3)}`],
  [
    "a Slack webhook",
    `https://hooks.slack.com/services/T${"0A".repeat(4)}/B${"0A".repeat(4)}/${"x".repeat(24)}`,
  ],
  ["a GitHub token", `ghp_${"a1B2".repeat(9)}`],
  ["an AWS key", `AKIA${"A1B2".repeat(4)}`],
  ["a JSON web token", ["eyJ", ".eyJ", "."].map((part) => part + "a1B2".repeat(5)).join("")],
  ["a private key", `-----BEGIN ${"EC"} PRIVATE KEY-----`],
  ["a key of 32 bytes in base64", `"${Buffer.alloc(32, "key").toString("base64")}"`],
];

describe("secrets", () => {
  it.each(SAMPLES)("are found: %s", (what, sample) => {
    expect(secretsIn("a.ts", `first line\nconst token = ${sample};`)).toContain(
      `a.ts:2 looks like ${what}`,
    );
  });

  it.each([
    "sk-test",
    "sk-proj-abcdefgh12345678",
    "EAAtest-token",
    "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJBNDVDMkY1QzQ1NkY4RTlCQTcA",
    "<32 random bytes, base64>",
    `sha256=${"0f".repeat(32)}`,
    "https://hooks.slack.com/services/…",
  ])("are not seen in %s", (text) => expect(secretsIn("a.ts", text)).toEqual([]));

  it("are in no file of this repository", () => {
    const found = filesOfTheTree()
      .filter((path) => !path.startsWith(TEST_KEYS))
      .map((path) => [path, readFileSync(join(ROOT, path))] as const)
      .filter(([, bytes]) => !bytes.subarray(0, 8000).includes(0))
      .flatMap(([path, bytes]) => secretsIn(path, bytes.toString("utf8")));
    expect(found).toEqual([]);
  });
});
