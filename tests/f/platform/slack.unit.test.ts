import { afterEach, expect, it, vi } from "vitest";
import {
  escapeForSlack,
  SlackPostError,
  slackAt,
  untilItFails,
} from "../../../f/platform/slack.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("escapes what would mention or link", () => {
  expect(escapeForSlack("<!channel> <http://x|y> a & b")).toBe(
    "&lt;!channel&gt; &lt;http://x|y&gt; a &amp; b",
  );
});

it("posts nowhere without an address", () => {
  expect(slackAt("")).toBeUndefined();
});

it("reports an answer that is not 200, and no answer, without the address", async () => {
  const address = "https://hooks.slack.com/services/T0/B0/secret";
  const answers = [
    async () => new Response("ok"),
    async () => new Response("no_service", { status: 404 }),
    async () => {
      throw new TypeError("fetch failed");
    },
  ];
  const calls: unknown[] = [];
  vi.stubGlobal("fetch", async (_url: unknown, init: RequestInit) => {
    calls.push(JSON.parse(String(init.body)));
    return answers.shift()?.();
  });
  await slackAt(address)?.("hello");
  expect(calls).toEqual([{ text: "hello" }]);
  await expect(slackAt(address)?.("hello")).rejects.toThrow(SlackPostError);
  await expect(slackAt(address)?.("hello")).rejects.not.toThrow("secret");
});

it("is given up when it does not answer in time", async () => {
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
  vi.stubGlobal("fetch", async (_url: unknown, init: RequestInit) => {
    init.signal?.throwIfAborted();
    return new Response("ok");
  });
  await expect(slackAt("https://hooks.slack.com/services/T")?.("hello")).rejects.toThrow(
    SlackPostError,
  );
});

it("is not asked again by a job that it has failed once", async () => {
  const answers = ["takes it", "is down", "takes it"];
  const post = untilItFails(async () => {
    if (answers.shift() === "is down") throw new SlackPostError("no answer");
  });
  await post("first");
  await expect(post("second")).rejects.toThrow(SlackPostError);
  await expect(post("third")).rejects.toThrow(SlackPostError);
  expect(answers).toEqual(["takes it"]);
});
