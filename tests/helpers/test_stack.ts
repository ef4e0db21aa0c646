import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseModelProvider } from "../../local/model_provider.ts";
import { FREE_PORTS, type Stack, type StackOptions, startStack } from "../../local/stack.ts";
import { createTestDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";
import { keptBundles } from "./kept_bundles.ts";

export interface TestStack extends Stack {
  dataDir: string;
  modelApiKey: string;
}

/** The whole platform on free ports and the offline model, on the database that this test run uses. */
export async function startTestStack(
  options: Pick<StackOptions, "allowedPrivateOrigins"> = {},
): Promise<TestStack> {
  const dataDir = await mkdtemp(join(tmpdir(), "chatbot-stack-"));
  const modelApiKey = `test-${randomUUID()}`;
  const stack = await startStack({
    dataDir,
    ports: FREE_PORTS,
    provider: { ...chooseModelProvider({}), apiKey: modelApiKey },
    openDatabase: createTestDatabase,
    bundlesDir: keptBundles(),
    logLevel: "silent",
    ...options,
  });
  return {
    ...stack,
    dataDir,
    modelApiKey,
    close: async () => {
      await stack.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A text from a contact; resolves when the ingress has answered 200. Returns its wamid. */
export async function contactSays(
  stack: TestStack,
  waId: string,
  text: string,
  name = "Maya",
): Promise<string> {
  const { phoneNumberId } = stack.shop.phoneNumber;
  const sent = stack.whatsapp.contactSends({ phoneNumberId, contact: { waId, name }, text });
  await sent.delivery;
  return sent.wamid;
}

/** The texts that the contact received, once nothing is under way for anybody. */
export async function receivedWhenSettled(stack: TestStack, waId: string): Promise<string[]> {
  await settled(stack);
  return stack.whatsapp.received({ waId }).map(({ text }) => text);
}

/** Waits until every event has ended and no turn is live. */
export function settled({ admin }: TestStack): Promise<void> {
  return eventually(async () => {
    const [open] = await admin.query<{ events: number; turns: number }>(
      `select
         (select count(*)::int from webhook_events where status in ('received', 'processing')
            and chatbot_id is not null) as events,
         (select count(*)::int from turns where finished_at is null) as turns`,
    );
    if (open?.events !== 0 || open.turns !== 0) {
      throw new Error(`still under way: ${JSON.stringify(open)}`);
    }
  });
}
