import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONVERSATION, type Exchange, missingFrom } from "./demo/conversation.ts";
import { HANDBOOK_NAME, makeHandbookPdf } from "./demo/handbook.ts";
import { hold } from "./demo/hold_exchange.ts";
import { terminal } from "./demo/terminal.ts";
import { startWebSite, WEB_PAGE_NAME, type WebSite } from "./demo/web_page.ts";
import { type UploadArguments, UploadFailed, uploadKnowledge } from "./knowledge_upload.ts";
import { chooseModelProvider } from "./model_provider.ts";
import { FREE_PORTS, type Stack, startStack } from "./stack.ts";

interface DemoResult {
  replies: number;
  ungrounded: string[];
  secondsToFirstReply: number;
}

const seconds = (milliseconds: number) => Math.round(milliseconds / 100) / 10;

async function demo(): Promise<boolean> {
  const startedAt = Date.now();
  const dataDir = await mkdtemp(join(tmpdir(), "chatbot-demo-"));
  const site = await startWebSite();
  try {
    const provider = chooseModelProvider(process.env);
    terminal.title("Starting PostgreSQL, Windmill, WhatsApp, the models and the ingress");
    const stack = await startStack({
      dataDir,
      ports: FREE_PORTS,
      provider,
      allowedPrivateOrigins: [new URL(site.url).host],
    });
    try {
      terminal.line(`up in ${seconds(Date.now() - startedAt)} s; models: ${provider.name}`);
      await upload(stack, site);
      const result = await converse(stack);
      report(result, Date.now() - startedAt);
      return result.ungrounded.length === 0;
    } finally {
      await stack.close();
    }
  } finally {
    await site.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function upload(stack: Stack, site: WebSite): Promise<void> {
  const { chatbotId } = stack.shop;
  const sources: UploadArguments[] = [
    { chatbotId, name: HANDBOOK_NAME, sourceType: "pdf", content: await makeHandbookPdf() },
    { chatbotId, name: WEB_PAGE_NAME, sourceType: "url", url: site.url },
  ];
  terminal.title(`What ${stack.shop.name} knows`);
  for (const source of sources) {
    const ready = await uploadKnowledge(stack, source, ({ status, percent }) =>
      terminal.line(`${source.name} (${source.sourceType}): ${status} ${percent} %`),
    );
    const pages = ready.pages ? `${ready.pages} pages, ` : "";
    terminal.line(`${source.name}: ${pages}passages that can be searched: ${ready.chunks}`);
  }
}

async function converse(stack: Stack): Promise<DemoResult> {
  const result: DemoResult = { replies: 0, ungrounded: [], secondsToFirstReply: 0 };
  for (const exchange of CONVERSATION) {
    terminal.title(`A contact asks: ${exchange.about}`);
    const { reply, milliseconds } = await hold(stack, exchange);
    if (result.replies === 0) result.secondsToFirstReply = seconds(milliseconds);
    if (reply !== undefined) result.replies += 1;
    result.ungrounded.push(...complaints(exchange, reply));
  }
  return result;
}

function complaints(exchange: Exchange, reply: string | undefined): string[] {
  if (reply === undefined) return [`«${exchange.pieces.join(" ")}» got no reply`];
  const missing = missingFrom(reply, exchange);
  return missing.length === 0
    ? []
    : [`the reply to «${exchange.pieces.join(" ")}» lacks ${missing.join(" and ")}`];
}

function report(result: DemoResult, milliseconds: number): void {
  terminal.title("Where to look");
  terminal.line("the flow     f/chat/whatsapp_webhook_processor__flow/flow.yaml");
  terminal.line("its steps    f/chat/*.ts, in the order above");
  terminal.line("the phone    npm run dev, then http://localhost:3010");
  for (const complaint of result.ungrounded) terminal.line(`Not as it should be: ${complaint}.`);
  console.log(
    JSON.stringify({
      demo: result.ungrounded.length === 0 ? "ok" : "failed",
      replies: result.replies,
      seconds_to_first_reply: result.secondsToFirstReply,
      seconds: seconds(milliseconds),
    }),
  );
}

/** A refused upload is a sentence for people; anything else is a defect and shows where it is. */
function explain(error: unknown): void {
  console.error(error instanceof UploadFailed ? error.message : error);
  console.log(JSON.stringify({ demo: "failed", replies: 0 }));
}

process.exitCode = await demo().then(
  (ok) => (ok ? 0 : 1),
  (error: unknown) => {
    explain(error);
    return 1;
  },
);
