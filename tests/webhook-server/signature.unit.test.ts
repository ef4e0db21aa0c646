import { describe, expect, it } from "vitest";
import { isSameSecret, isSignedBy } from "../../webhook-server/signature.ts";
import { asMetaSends, signatureOf } from "../helpers/meta_webhooks.ts";

const SECRET = "an app secret of the tests";

describe("isSignedBy", () => {
  it("agrees with the vector that GitHub publishes for the same scheme", () => {
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const body = Buffer.from("Hello, World!");
    expect(isSignedBy(["It's a Secret to Everybody"], body, signature)).toBe(true);
    expect(isSignedBy(["It's a secret to everybody"], body, signature)).toBe(false); // control
  });

  it("is about the bytes: the same JSON, written otherwise, is not signed", () => {
    const sent = asMetaSends({ text: "¿Está abierto? 😀" });
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(sent.toString())));
    const signature = signatureOf(SECRET, sent);
    expect(isSignedBy([SECRET], sent, signature)).toBe(true);
    expect(isSignedBy([SECRET], rewritten, signature)).toBe(false);
  });

  it("accepts either of two secrets, and no third", () => {
    const body = Buffer.from("{}");
    const secrets = ["the new app secret", "the old app secret"];
    expect(isSignedBy(secrets, body, signatureOf("the new app secret", body))).toBe(true);
    expect(isSignedBy(secrets, body, signatureOf("the old app secret", body))).toBe(true);
    expect(isSignedBy(secrets, body, signatureOf("the older app secret", body))).toBe(false);
  });

  it("accepts hexadecimal digits in either case", () => {
    const body = Buffer.from("{}");
    const digits = signatureOf(SECRET, body).slice("sha256=".length).toUpperCase();
    expect(isSignedBy([SECRET], body, `sha256=${digits}`)).toBe(true);
  });

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["of another algorithm", `sha1=${"0".repeat(40)}`],
    ["too short", `sha256=${"0".repeat(63)}`],
    ["too long", `sha256=${"0".repeat(65)}`],
    ["not hexadecimal", `sha256=${"g".repeat(64)}`],
    ["without its prefix", signatureOf(SECRET, Buffer.from("{}")).slice("sha256=".length)],
    ["followed by something", `${signatureOf(SECRET, Buffer.from("{}"))}\n`],
  ])("refuses a header that is %s, without throwing", (_what, header) => {
    const body = Buffer.from("{}");
    expect(isSignedBy([SECRET], body, header)).toBe(false);
    expect(isSignedBy([SECRET], body, signatureOf(SECRET, body))).toBe(true); // control
  });
});

describe("isSameSecret", () => {
  it("compares texts of any two lengths", () => {
    expect(isSameSecret("verify-me", "verify-me")).toBe(true);
    expect(isSameSecret("verify-me", "verify-m")).toBe(false);
    expect(isSameSecret("verify-me", "")).toBe(false);
    expect(isSameSecret("verify-me", "verify-mé")).toBe(false);
  });
});
