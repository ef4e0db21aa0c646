import { describe, expect, it, onTestFinished } from "vitest";
import { startSlack } from "../../../local/slack/start_slack.ts";

async function startSlackAndPost() {
  const slack = await startSlack({ port: 0 });
  onTestFinished(() => slack.stop());
  async function post(body: string, url = slack.webhookUrl, type = "application/json") {
    const response = await fetch(url, { method: "POST", headers: { "content-type": type }, body });
    return `${response.status} ${await response.text()}`;
  }
  return { slack, post };
}

describe("an incoming webhook", () => {
  it("takes text or blocks, and keeps them in order", async () => {
    const { slack, post } = await startSlackAndPost();
    const blocks = [{ type: "section", text: { type: "mrkdwn", text: "*Failed*" } }];
    expect(await post(JSON.stringify({ text: "A step failed" }))).toBe("200 ok");
    expect(await post(JSON.stringify({ blocks }))).toBe("200 ok");
    expect(slack.messages).toEqual([{ text: "A step failed" }, { blocks }]);
  });

  it.each([
    ["what is no JSON", "text=hello", "400 invalid_payload"],
    ["what is no object", "[1]", "400 invalid_payload"],
    ["a text that is none", '{"text":5}', "400 invalid_payload"],
    ["blocks that are none", '{"blocks":"hello"}', "400 invalid_blocks"],
    ["a message that says nothing", "{}", "400 no_text"],
  ])("refuses %s", async (_what, body, answer) => {
    const { slack, post } = await startSlackAndPost();
    expect(await post(body)).toBe(answer);
    expect(slack.messages).toEqual([]);
  });

  it("refuses another content type, and another address", async () => {
    const { slack, post } = await startSlackAndPost();
    const body = '{"text":"hello"}';
    expect(await post(body, slack.webhookUrl, "text/plain")).toBe("400 invalid_payload");
    expect(await post(body, `${slack.webhookUrl}x`)).toBe("403 invalid_token");
    expect(slack.messages).toEqual([]);
  });

  it("fails once when a test ordered it", async () => {
    const { slack, post } = await startSlackAndPost();
    slack.failNext({ status: 429, body: "rate_limited" });
    expect(await post('{"text":"hello"}')).toBe("429 rate_limited");
    expect(await post('{"text":"hello"}')).toBe("200 ok");
    expect(slack.messages).toHaveLength(1);
  });
});
