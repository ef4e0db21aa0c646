import { describe, expect, it } from "vitest";
import { type Finding, failed, ok, skipped, warning } from "../../../deploy/doctor/finding.ts";
import { findingLine, summaryOf } from "../../../deploy/doctor/report.ts";

const finding = (verdict: Omit<Finding, "check">): Finding => ({ check: "windmill", ...verdict });

describe("findingLine", () => {
  it("says what was found and what mends it, on one line", () => {
    expect(findingLine(finding(ok("answers")), [])).toMatch(/^ok +windmill +answers$/);
    expect(findingLine(finding(failed("is\nsilent", "Start it.")), [])).toMatch(
      /^✗ +windmill +is silent → Start it\.$/,
    );
    expect(findingLine(finding(skipped("META_APP_ID")), [])).toMatch(/^- .*Set META_APP_ID in/);
  });

  it("shows neither the settings' secrets nor what looks like a secret or a phone number", () => {
    const said = failed("used hunter2-hunter2 for EAAabcdefghijklmnop and +49 155 50100300", "-");
    const line = findingLine(finding(said), ["hunter2-hunter2"]);
    expect(line).toContain("used [secret] for [key] and [phone]");
  });

  it("leaves the ids of chatbots readable", () => {
    const id = "00000000-0000-4000-8000-000000000002";
    expect(findingLine(finding(failed(`chatbot ${id} has none`, "-")), [])).toContain(id);
  });
});

it("fails as a whole for a failure only", () => {
  const findings = [ok("a"), warning("b", "-"), skipped("C"), ok("d")].map(finding);
  const counts = { ok: 2, warnings: 1, failed: 0, skipped: 1 };
  expect(summaryOf(findings)).toEqual({ doctor: "ok", ...counts });
  expect(summaryOf([...findings, finding(failed("e", "-"))])).toEqual({
    doctor: "failed",
    ...counts,
    failed: 1,
  });
});
