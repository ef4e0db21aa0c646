import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { HANDBOOK_NAME, makeHandbookPdf } from "./demo/handbook.ts";
import { startWebSite, WEB_PAGE_NAME } from "./demo/web_page.ts";
import { PortTaken, requireFreePorts } from "./free_ports.ts";
import { uploadKnowledge } from "./knowledge_upload.ts";
import { chooseModelProvider } from "./model_provider.ts";
import { startPhone } from "./phone/start_phone.ts";
import { phoneOptions } from "./phone_options.ts";
import { type Stack, type StackPorts, startStack } from "./stack.ts";

const DATA_DIR = fileURLToPath(new URL("../.local", import.meta.url));
const PHONE_PORT = 3010;
const PORTS: StackPorts = {
  windmill: 3011,
  ingress: 3012,
  whatsapp: 3013,
  models: 3014,
  slack: 3015,
  postgres: 3016,
};

async function dev(): Promise<void> {
  const { values } = parseArgs({ options: { fresh: { type: "boolean", default: false } } });
  await requireFreePorts([PHONE_PORT, ...Object.values(PORTS)]);
  if (values.fresh) rmSync(DATA_DIR, { recursive: true, force: true });
  console.log("Starting PostgreSQL, Windmill, WhatsApp, the models and the ingress …");
  const site = await startWebSite();
  const provider = chooseModelProvider(process.env);
  const stack = await startStack({
    dataDir: DATA_DIR,
    ports: PORTS,
    provider,
    allowedPrivateOrigins: [new URL(site.url).host],
    logLevel: "warn",
  });
  const phone = await startPhone(phoneOptions(stack, PHONE_PORT));
  const stop = async () => {
    await phone.stop();
    await stack.close();
    await site.close();
  };
  // once: a second Ctrl-C ends the process at once
  process.once("SIGINT", stop).once("SIGTERM", stop);
  console.log(`the phone     ${phone.url.replace("127.0.0.1", "localhost")}`);
  console.log(`flow runs     ${stack.windmill.baseUrl}/runs`);
  console.log(`the database  ${stack.databaseUrl}`);
  console.log(`models: ${provider.name} · state: .local/ · Ctrl-C stops everything`);
  await teach(stack, site.url);
}

/** The demo's two sources; what is there already is recognised by its content and left alone. */
async function teach(stack: Stack, siteUrl: string): Promise<void> {
  const { chatbotId } = stack.shop;
  const [{ count } = { count: 0 }] = await stack.admin.query<{ count: number }>(
    "select count(*)::int as count from knowledge_sources where chatbot_id = $1",
    [chatbotId],
  );
  if (count > 0) return;
  const pdf = await makeHandbookPdf();
  const quiet = () => undefined;
  await uploadKnowledge(
    stack,
    { chatbotId, name: HANDBOOK_NAME, sourceType: "pdf", content: pdf },
    quiet,
  );
  await uploadKnowledge(
    stack,
    { chatbotId, name: WEB_PAGE_NAME, sourceType: "url", url: siteUrl },
    quiet,
  );
  console.log(`knowledge     ${HANDBOOK_NAME}, ${WEB_PAGE_NAME}`);
}

dev().catch((error: unknown) => {
  console.error(error instanceof PortTaken ? error.message : error);
  process.exitCode = 1;
});
