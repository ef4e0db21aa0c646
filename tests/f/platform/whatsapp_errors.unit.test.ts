import { expect, it } from "vitest";
import { graphErrorKind, pauseAfter } from "../../../f/platform/whatsapp_errors.ts";

it.each([
  ["tenant_stopped", [0, 190, 3, 10, 200, 299, 131005]],
  ["tenant_stopped", [368, 131031, 130497, 131048, 131042, 131045, 131037, 133010]],
  ["throttled", [4, 80007, 130429, 131056, 131057]],
  ["transient", [1, 2, 131000, 131016, 133004]],
  ["permanent", [33, 100, 131008, 131009, 131021, 131026, 131030, 131047, 131051, 135000]],
  ["permanent", [131049, 131050, 130472, 131052, 131053]],
  ["permanent", [132000, 132001, 132005, 132007, 132012, 132015, 132016]],
  ["permanent", [300, 999_999, -1]], // codes that Meta does not list are never retried
] as const)("takes as %s the codes %j", (kind, codes) => {
  expect(codes.map(graphErrorKind)).toEqual(codes.map(() => kind));
});

it.each([
  [131056, 1, { limit: "pair", seconds: 1 }],
  [131056, 3, { limit: "pair", seconds: 16 }], // Meta: 4^X, X = 0, 1, 2
  [130429, 1, { limit: "number", seconds: 1 }],
  [131057, 1, { limit: "number", seconds: 60 }],
  [4, 1, { limit: "number", seconds: 300 }],
  [80007, 1, { limit: "number", seconds: 300 }],
  [131016, 1, undefined],
] as const)("after code %i at attempt %i holds %j", (code, attempts, pause) => {
  const refusal = { status: 400, code, title: "", details: "" };
  expect(pauseAfter(refusal, attempts)).toEqual(pause);
  const asked = pauseAfter({ ...refusal, retryAfterSeconds: 90_000 }, attempts);
  expect(asked?.seconds).toBe(3_600); // what WhatsApp asks for, up to an hour
});
