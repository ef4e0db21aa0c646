import { describe, expect, it } from "vitest";
import { attachmentOf, headlineOf } from "../../../f/platform/slack_alert.ts";

const ALERT = {
  severity: "warning",
  summary: "<!channel> failed",
  details: { chatbot: "Aurora & Sons", turn_id: null },
  flowJobId: "01988888-0000-7000-8000-000000000001",
} as const;
const JOB = { WM_BASE_URL: "https://windmill.example.com/", WM_WORKSPACE: "chatbots" };

describe("an alert in Slack", () => {
  it("says how bad, what, and how often since", () => {
    expect(headlineOf(ALERT)).toBe("[warning] &lt;!channel&gt; failed");
    expect(headlineOf({ ...ALERT, repeats: 3 })).toBe(
      "[warning] &lt;!channel&gt; failed (3 more since)",
    );
  });

  it("has a field for each detail, and a link to the run", () => {
    expect(attachmentOf(ALERT, JOB).fields).toEqual([
      { title: "chatbot", value: "Aurora &amp; Sons", short: true },
      { title: "turn_id", value: "–", short: true },
      {
        title: "run",
        value: `<https://windmill.example.com/run/${ALERT.flowJobId}?workspace=chatbots|Open in Windmill>`,
        short: false,
      },
    ]);
  });

  it("has no link without a run, or outside of Windmill", () => {
    const titles = (alert: Parameters<typeof attachmentOf>[0], env: NodeJS.ProcessEnv) =>
      attachmentOf(alert, env).fields.map(({ title }) => title);
    expect(titles({ ...ALERT, flowJobId: null }, JOB)).not.toContain("run");
    expect(titles(ALERT, {})).not.toContain("run");
  });

  it("has a colour of its own for each severity", () => {
    const colors = (["critical", "error", "warning", "info"] as const).map(
      (severity) => attachmentOf({ ...ALERT, severity }, {}).color,
    );
    expect(new Set(colors).size).toBe(4);
  });
});
