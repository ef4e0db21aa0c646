import { expect, it } from "vitest";
import { graphErrorKind } from "../../../f/platform/whatsapp_errors.ts";

it.each([
  ["tenant_stopped", [0, 190, 3, 10, 200, 299, 131005, 368, 131031, 131042, 131048, 133010]],
  ["throttled", [4, 80007, 130429, 131056, 131057]],
  ["transient", [1, 2, 131000, 131016, 133004]],
  ["permanent", [33, 100, 131008, 131009, 131026, 131030, 131047, 131049, 131051, 131053, 135000]],
  ["permanent", [300, 999_999, -1]], // codes that Meta does not list are never retried
] as const)("takes as %s the codes %j", (kind, codes) => {
  expect(codes.map(graphErrorKind)).toEqual(codes.map(() => kind));
});
