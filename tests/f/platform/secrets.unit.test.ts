import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  CredentialError,
  decryptCredential,
  encryptCredential,
  KeySetError,
  parseKeySet,
} from "../../../f/platform/secrets.ts";

const key = () => randomBytes(32).toString("base64");
const keySet = parseKeySet(JSON.stringify({ current: "2", keys: { "1": key(), "2": key() } }));
const owner = () => ({ organizationId: randomUUID(), credentialId: randomUUID() });

describe("a credential", () => {
  it("opens for its owner", () => {
    const mine = owner();
    const envelope = encryptCredential(keySet, mine, "EAAB-token-é");
    expect(decryptCredential(keySet, mine, envelope)).toBe("EAAB-token-é");
    expect(envelope.v).toBe("2");
  });

  it("is sealed with another iv each time", () => {
    const mine = owner();
    const sealed = [1, 2, 3].map(() => encryptCredential(keySet, mine, "same").iv);
    expect(new Set(sealed).size).toBe(3);
  });

  it("still opens with the key it was sealed with after the keys were rotated", () => {
    const mine = owner();
    const envelope = encryptCredential({ ...keySet, current: "1" }, mine, "old");
    expect(decryptCredential(keySet, mine, envelope)).toBe("old");
  });

  const mine = owner();
  const good = encryptCredential(keySet, mine, "secret");
  const flipped = Buffer.from(good.data, "base64");
  flipped[0] = (flipped[0] ?? 0) ^ 1;

  it.each([
    ["another organization", { ...mine, organizationId: randomUUID() }, good],
    ["another credential", { ...mine, credentialId: randomUUID() }, good],
    ["an unknown key version", mine, { ...good, v: "3" }],
    ["the wrong key version", mine, { ...good, v: "1" }],
    ["a changed text", mine, { ...good, data: flipped.toString("base64") }],
    [
      "a tag cut to 4 bytes",
      mine,
      { ...good, tag: Buffer.from(good.tag, "base64").subarray(0, 4).toString("base64") },
    ],
    ["plain text", mine, "secret"],
    ["a field too many", mine, { ...good, note: "x" }],
  ])("does not open with %s", (_, who, envelope) => {
    expect(() => decryptCredential(keySet, who, envelope)).toThrow(CredentialError);
    expect(decryptCredential(keySet, mine, good)).toBe("secret"); // control
  });

  it("says in its error which credential it is and nothing that is secret", () => {
    const wrong = { ...mine, organizationId: randomUUID() };
    expect(() => decryptCredential(keySet, wrong, good)).toThrow(mine.credentialId);
    expect(() => decryptCredential(keySet, wrong, good)).not.toThrow(good.data);
  });
});

describe("the key set", () => {
  it.each([
    ["no JSON", "not json, my-secret-key"],
    ["another shape", JSON.stringify({ keys: {} })],
    ["a short key", JSON.stringify({ current: "1", keys: { "1": "c2hvcnQ=" } })],
    ["no current key", JSON.stringify({ current: "9", keys: { "1": key() } })],
  ])("is refused with %s, without being quoted", (_, json) => {
    expect(() => parseKeySet(json)).toThrow(KeySetError);
    expect(() => parseKeySet(json)).not.toThrow("my-secret-key");
  });
});
