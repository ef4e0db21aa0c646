import { describe, expect, it, onTestFinished } from "vitest";
import { type PhoneOptions, startPhone } from "../../../local/phone/start_phone.ts";
import type { UploadedFile, UploadProgress } from "../../../local/phone/types.ts";
import { ANA, NUMBER, startStandIn, textTo } from "../whatsapp/stand_in.ts";

const BEN = { waId: "15550003333", name: "Ben <b>" };

async function startPhoneAndStandIn(overrides: Partial<PhoneOptions> = {}) {
  const standIn = await startStandIn();
  const phone = await startPhone({
    port: 0,
    whatsapp: standIn.whatsapp,
    chatbots: [{ chatbotId: "c1", phoneNumberId: NUMBER, displayName: "Aurora & Sons" }],
    contacts: [ANA, BEN],
    uploadDocument: async () => undefined,
    runsOf: async () => [],
    windmillUrl: "http://windmill.test",
    ...overrides,
  });
  onTestFinished(() => phone.stop());
  const get = async (path: string) => (await fetch(phone.url + path)).text();
  const type = (text: unknown, contentType = "application/json") =>
    fetch(`${phone.url}/messages`, {
      method: "POST",
      headers: { "content-type": contentType },
      body: JSON.stringify({ text }),
    });
  return { ...standIn, phone, get, type };
}

/** Collects the page's server-sent events of the first conversation. */
async function listenTo(url: string) {
  const connection = new AbortController();
  const response = await fetch(`${url}/events`, { signal: connection.signal });
  const events: { event: string; data: Record<string, unknown> }[] = [];
  const read = async () => {
    let text = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (text + chunk).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const [, event = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        events.push({ event, data: JSON.parse(data) });
      }
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!connection.signal.aborted) throw error;
  });
  onTestFinished(() => {
    connection.abort();
    return ended;
  });
  return events;
}

describe("the phone page", () => {
  it("shows the conversation again after a reload, everything escaped", async () => {
    const { get, type, post } = await startPhoneAndStandIn();
    expect((await type("<script>alert(1)</script>")).status).toBe(204);
    await post(textTo("+15550002222", "*Hello* <img src=x>"));
    const page = await get("/");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).toContain("<strong>Hello</strong> &lt;img src=x&gt;");
    expect(page).toContain("Ben &lt;b&gt;");
    expect(page).toContain("Aurora &amp; Sons");
    expect(page).not.toMatch(/<script>|<img/);
  });

  it("shows one contact's conversation to that contact only", async () => {
    const { get, type } = await startPhoneAndStandIn();
    await type("only from Ana");
    const options = [...(await get("/")).matchAll(/<option value="([^"]+)"/g)];
    const [ana, ben] = options.map((match) => match[1]?.replace("&amp;", "&"));
    expect(await get(`/?${ben}`)).not.toContain("only from Ana");
    expect(await get(`/?${ana}`)).toContain("only from Ana"); // control
  });

  it("sends what is typed to the webhook", async () => {
    const { receiver, type } = await startPhoneAndStandIn();
    await type("Hi");
    await expect.poll(() => receiver.webhooks.length).toBe(1);
    expect(receiver.webhooks[0]?.raw).toContain('"body":"Hi"');
  });

  it("refuses what is no message, and forms of other sites", async () => {
    const { whatsapp, type } = await startPhoneAndStandIn();
    for (const refused of [type(" "), type("x".repeat(4_097)), type("Hi", "text/plain")]) {
      expect((await refused).status).toBe(400);
    }
    expect(whatsapp.conversation(NUMBER, ANA)).toEqual([]);
  });

  it("is told of messages, ticks and typing as they happen", async () => {
    const { whatsapp, phone, post, type } = await startPhoneAndStandIn();
    const events = await listenTo(phone.url);
    await type("Hi");
    const [hi] = whatsapp.conversation(NUMBER, ANA);
    await expect.poll(() => whatsapp.conversation(NUMBER, ANA)[0]?.status).toBe("delivered");
    await post({
      messaging_product: "whatsapp",
      status: "read",
      message_id: hi?.wamid,
      typing_indicator: { type: "text" },
    });
    await post(textTo("+15550002222", "Hello"));
    await expect.poll(() => events.filter((event) => event.event === "message").length).toBe(7);
    const ticks = events.map(({ event, data }) =>
      event === "typing" ? event : /ticks (\w+)/.exec(String(data.html))?.[1],
    );
    expect(ticks).toEqual([
      "sent",
      "delivered",
      "read",
      "typing",
      "accepted",
      "sent",
      "delivered",
      "read",
    ]);
  });

  it("shows an upload's progress, its end and its failure", async () => {
    const files: UploadedFile[] = [];
    let report: (progress: UploadProgress) => void = () => expect.unreachable();
    let end: (error?: Error) => void = () => expect.unreachable();
    const { phone, get } = await startPhoneAndStandIn({
      uploadDocument: (chatbotId, file, onProgress) => {
        expect(chatbotId).toBe("c1");
        files.push(file);
        report = onProgress;
        return new Promise((resolve, reject) => {
          end = (error) => (error === undefined ? resolve() : reject(error));
        });
      },
    });
    const upload = (name: string) =>
      fetch(`${phone.url}/documents?name=${encodeURIComponent(name)}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: "content",
      });
    expect((await upload("a <b>.pdf")).status).toBe(202);
    expect(files).toEqual([{ name: "a <b>.pdf", content: Buffer.from("content") }]);
    report({ status: "embedding", percent: 50 });
    expect(await get("/")).toMatch(/a &lt;b&gt;\.pdf.*embedding.*value="50"/s);
    end();
    await expect.poll(() => get("/")).toContain("ready");

    await upload("b.pdf");
    end(new Error("This PDF has no text."));
    await expect.poll(() => get("/")).toContain("This PDF has no text.");
  });

  it("links each flow run to Windmill", async () => {
    const { get } = await startPhoneAndStandIn({
      runsOf: async ({ contact, chatbot }) => [
        {
          jobId: `${chatbot.chatbotId}/${contact.name}`,
          startedAt: 1_790_000_000_000,
          status: "running",
        },
      ],
    });
    expect(await get("/runs")).toContain('href="http://windmill.test/runs/c1%2FAna"');
  });

  it("says why the runs could not be read", async () => {
    const { phone } = await startPhoneAndStandIn({
      runsOf: () => Promise.reject(new Error("Windmill is away")),
    });
    const response = await fetch(`${phone.url}/runs`);
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("Windmill is away");
  });
});
