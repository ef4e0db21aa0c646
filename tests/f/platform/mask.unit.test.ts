import { expect, it } from "vitest";
import { maskSecrets } from "../../../f/platform/mask.ts";

it.each([
  ["+49 1511 2345678 wrote", "[phone] wrote"],
  ["from 4915112345678.", "from [phone]."],
  ["call 030-1234-5678", "call [phone]"],
  ["postgresql://app:hunter2@db:5432/x", "postgresql://app:[password]@db:5432/x"],
  ["Authorization: Bearer EAABsbCS1iHgBO", "Authorization: [secret] [token]"],
  ["key sk-proj-abcdefgh12345678 refused", "key [key] refused"],
  ["token EAABsbCS1iHgBOxyz", "token [key]"],
  ['{"api_key":"abc123","x":1}', '{"api_key":"[secret]","x":1}'],
  ["https://hooks.slack.com/services/T0/B0/xyz failed", "[slack webhook] failed"],
  ["ada@example.com asked", "[e-mail] asked"],
])("masks %s", (text, masked) => {
  expect(maskSecrets(text)).toBe(masked);
});

it.each([
  "turn 3953f2b3-3671-4b10-9aab-500000000469 failed",
  "event 1234567 took 15000 ms",
  "expected 0.00001640 USD",
  "no answer from 10.112.113.114:5432",
])("leaves %s", (text) => {
  expect(maskSecrets(text)).toBe(text);
});
