import { describe, expect, it, onTestFinished } from "vitest";
import { type PhoneOptions, startPhone } from "../../../local/phone/start_phone.ts";
import type { KnowledgeSource, UploadedFile, UploadProgress } from "../../../local/phone/types.ts";
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
    sourcesOf: async () => [],
    exampleQuestions: [],
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
  const upload = (name: string, content: BodyInit = "content") =>
    fetch(`${phone.url}/documents?name=${encodeURIComponent(name)}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: content,
    });
  return { ...standIn, phone, get, type, upload };
}

function names(knowledge: string) {
  return [...knowledge.matchAll(/<b>(.*?)<\/b>/g)].map((match) => match[1]);
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
    const refused = await Promise.all([
      type(" "),
      type("x".repeat(4_097)),
      type("x".repeat(200_000)),
      type("Hi", "text/plain"),
    ]);
    expect(refused.map((response) => response.status)).toEqual([400, 400, 413, 400]);
    expect(await Promise.all(refused.map((response) => response.text()))).toEqual([
      "A message needs at least one character.",
      "A message has at most 4096 characters.",
      "A message has at most 4096 characters.",
      'A message is sent as JSON: {"text": "…"}.',
    ]);
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
    const { get, upload } = await startPhoneAndStandIn({
      uploadDocument: (chatbotId, file, onProgress) => {
        expect(chatbotId).toBe("c1");
        files.push(file);
        report = onProgress;
        return new Promise((resolve, reject) => {
          end = (error) => (error === undefined ? resolve() : reject(error));
        });
      },
    });
    expect((await upload("a <b>.pdf")).status).toBe(202);
    expect(files).toEqual([{ name: "a <b>.pdf", content: Buffer.from("content") }]);
    report({ status: "embedding", percent: 50 });
    expect(await get("/knowledge")).toMatch(/a &lt;b&gt;\.pdf.*embedding.*value="50"/s);
    end();
    await expect.poll(() => get("/knowledge")).toContain("ready");

    await upload("b.pdf");
    end(new Error("This PDF has no text."));
    await expect.poll(() => get("/knowledge")).toContain("This PDF has no text.");
  });

  it("links each flow run to Windmill", async () => {
    const { get } = await startPhoneAndStandIn({
      runsOf: async ({ contact, chatbot }) => [
        {
          jobId: `${chatbot.chatbotId}/${contact.name}`,
          startedAt: 1_790_000_000_000,
          status: "running",
          opening: "When is the <b>first</b> inspection due?",
        },
      ],
    });
    const runs = await get("/runs");
    expect(runs).toContain('href="http://windmill.test/runs/c1%2FAna"');
    expect(runs).toContain("<q>When is the &lt;b&gt;first&lt;/b&gt; inspe…</q>");
  });

  it("lists what the chatbot knows, and an upload that became a source once", async () => {
    const sources: KnowledgeSource[] = [
      { name: "handbook", state: "done", status: "ready" },
      { name: "scan.pdf", state: "failed", status: "This PDF has no text." },
    ];
    const { get, upload } = await startPhoneAndStandIn({
      sourcesOf: async (chatbot) => (chatbot.chatbotId === "c1" ? sources : []),
      uploadDocument: async (_chatbotId, { name }) => {
        if (name !== "prices.txt") throw new Error(`${name} was refused.`);
        sources.push({ name, state: "done", status: "ready" });
      },
    });
    expect(names(await get("/knowledge"))).toEqual(["handbook", "scan.pdf"]);
    for (const name of ["prices.txt", "scan.pdf", "handbook"]) await upload(name);
    const listed = await get("/knowledge");
    // the refused handbook is beside the one that is still known
    expect(names(listed)).toEqual(["handbook", "scan.pdf", "prices.txt", "handbook"]);
    expect(listed).toContain("handbook was refused.");
  });

  it("says which file is too large, and takes one of exactly 10 MB", async () => {
    const { get, upload } = await startPhoneAndStandIn();
    const limit = 10 * 1024 * 1024;
    const response = await upload("big.txt", Buffer.alloc(limit + 1));
    expect(response.status).toBe(413);
    expect(await response.text()).toBe("big.txt is larger than 10 MB.");
    expect((await upload("fits.txt", Buffer.alloc(limit))).status).toBe(202); // control
    expect(names(await get("/knowledge"))).toEqual(["fits.txt"]);
  });

  it.each([
    { name: "empty.txt", content: "", sentence: "empty.txt is empty." },
    { name: " ", content: "content", sentence: "A file needs a name." },
    {
      name: "x".repeat(201),
      content: "content",
      sentence: "The file's name is longer than 200 characters.",
    },
  ])("answers an upload that cannot be one: $sentence", async ({ name, content, sentence }) => {
    const { upload } = await startPhoneAndStandIn();
    const response = await upload(name, content);
    expect(response.status).toBe(400);
    expect(await response.text()).toBe(sentence);
  });

  it("offers the file types that can be read", async () => {
    const { get } = await startPhoneAndStandIn();
    expect(await get("/")).toContain('accept=".pdf,.docx,.txt,.md,.markdown,.html,.htm,.csv"');
  });

  it("offers the example questions, escaped", async () => {
    const { get } = await startPhoneAndStandIn({ exampleQuestions: ["Is 1 < 2?"] });
    expect(await get("/")).toContain('<button type="button">Is 1 &lt; 2?</button>');
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
