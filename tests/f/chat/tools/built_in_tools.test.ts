import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContextPayload } from "../../../../f/chat/context.ts";
import { builtInTools } from "../../../../f/chat/tools/built_in_tools.ts";
import type { ToolSettings } from "../../../../f/chat/tools/tool_settings.ts";
import { tellAlerts } from "../../../../f/operations/tell_alerts.ts";
import type { ModelAnswer } from "../../../../f/platform/models.ts";
import { createTestDatabase, type TestDatabase } from "../../../helpers/database.ts";
import type { ChatbotRow, ContactRow } from "../../../helpers/rows.ts";
import { openShop, type Shop } from "../shop.ts";
import { settingsOf } from "./settings_of.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 2 };

function asksFor(name: string, args: unknown): ModelAnswer {
  const call = { id: `call_${randomUUID()}`, name, argumentsJson: JSON.stringify(args) };
  const message = { role: "assistant", text: "", calls: [call] } as const;
  return { model: "gpt-6-luna", kind: "tool_calls", calls: [call], message, usage };
}

/** A shop whose turns have the built-in tools. */
async function openShopWithTools(chatbot: Partial<ChatbotRow> = {}): Promise<Shop> {
  const shop = await openShop(db, { chatbot: { phone_number_id: randomUUID(), ...chatbot } });
  shop.makers = {
    ...shop.makers,
    toolsFor: (context, { settings }) => tools(shop, context, settings),
  };
  return shop;
}

function tools(shop: Shop, context: ContextPayload, settings: ToolSettings) {
  return shop.as(async (database) => {
    const bound = builtInTools(database, context, settings);
    // a test's tools outlive the connection that they were made with
    return bound.map((tool) => ({
      ...tool,
      run: (args: unknown, signal: AbortSignal) =>
        shop.as(async (again) => {
          const fresh = builtInTools(again, context, settings);
          const same = fresh.find(({ definition }) => definition.name === tool.definition.name);
          return (same ?? tool).run(args, signal);
        }),
    }));
  });
}

/** Those that a turn of the shop's chatbot would have. */
async function toolsOf(shop: Shop, context: ContextPayload) {
  const scope = { organizationId: context.organization_id, chatbotId: context.chatbot.id };
  return tools(shop, context, await shop.as((database) => settingsOf(database, scope)));
}

async function contactOf({ contact }: ContextPayload): Promise<ContactRow> {
  const [row] = await db.query<ContactRow>("select * from contacts where id = $1", [contact.id]);
  if (!row) throw new Error(`there is no contact ${contact.id}`);
  return row;
}

describe("hand_over_to_human", () => {
  const handOver = asksFor("hand_over_to_human", {
    reason: "wants a refund, call +49 170 1234567",
    message: "A colleague will go on here.",
  });

  it("sends the model's message as the turn's only reply, and nothing more until it is given back", async () => {
    const shop = await openShopWithTools();
    shop.model.answers = [handOver];
    const context = await shop.answer(await shop.contactWrites("A person, please!"));
    expect(shop.sentTexts()).toEqual(["A colleague will go on here."]);
    expect(shop.model.calls).toBe(1);
    expect(await shop.turn(context)).toMatchObject({ status: "completed", hands_over: true });
    expect(await contactOf(context)).toMatchObject({
      conversation_mode: "manual",
      taken_over_by: null,
    });
    expect(await shop.load(await shop.contactWrites("Hello?"))).toMatchObject({
      outcome: "manual",
    });
    expect(shop.sentTexts()).toHaveLength(1);
  });

  it("sends the chatbot's own notice where it has one, once although the job is run again", async () => {
    const shop = await openShopWithTools({ handover_message: "Ada will answer you." });
    shop.model.answers = [handOver];
    const context = await shop.answer(await shop.contactWrites("A person, please!"));
    await shop.generate(context);
    await shop.send(context);
    expect(shop.sentTexts()).toEqual(["Ada will answer you."]);
  });

  it("tells Slack and the alerts why, without the phone number", async () => {
    const shop = await openShopWithTools();
    shop.model.answers = [handOver];
    const { turn_id } = await shop.answer(await shop.contactWrites("A person, please!"));
    const alerts = await db.query("select kind, details from system_alerts where turn_id = $1", [
      turn_id,
    ]);
    expect(alerts).toMatchObject([
      { kind: "handed_over", details: { reason: "wants a refund, call [phone]" } },
    ]);
    expect(shop.slackTexts).toEqual([expect.stringContaining("wants a refund, call [phone]")]);
  });

  it("is told by tell_alerts when the job is killed between the hand-over and Slack", async () => {
    const shop = await openShopWithTools();
    shop.model.answers = [handOver];
    const context = await shop.claim(await shop.contactWrites("A person, please!"));
    shop.makers = {
      ...shop.makers,
      openSlack: async () => {
        throw new Error("killed");
      },
    };
    await expect(shop.generate(context)).rejects.toThrow("killed");
    expect(await contactOf(context)).toMatchObject({ conversation_mode: "manual" });
    await db.query(
      "update system_alerts set created_at = now() - interval '2 minutes' where turn_id = $1",
      [context.turn_id],
    );
    const posted: string[] = [];
    await shop.as((database) => tellAlerts(database, async (text) => void posted.push(text)));
    expect(posted).toContainEqual(expect.stringContaining("wants a refund, call [phone]"));
    // the job that Windmill starts in its place says it once only
    shop.makers = { ...shop.makers, openSlack: async () => async (text) => void posted.push(text) };
    expect(await shop.generate(context)).toMatchObject({ outcome: "reply" });
    expect(posted.filter((text) => text.includes("wants a refund"))).toHaveLength(1);
  });

  it("says nothing when a person took over while the model was asked: they told the contact", async () => {
    const shop = await openShopWithTools();
    shop.model.answers = [handOver];
    const context = await shop.claim(await shop.contactWrites("A person, please!"));
    await shop.setContact("conversation_mode", "manual");
    await shop.generate(context);
    await shop.send(context);
    await shop.finish(context);
    expect(shop.sentTexts()).toEqual([]);
    expect((await shop.turn(context)).hands_over).toBe(false);
  });

  it("hands nothing over when another run has taken the turn", async () => {
    const shop = await openShopWithTools();
    shop.model.answers = [handOver];
    const context = await shop.claim(await shop.contactWrites("A person, please!"));
    shop.model.onAnswer = async () => {
      await db.query("update turns set fence = fence + 1 where id = $1", [context.turn_id]);
    };
    expect(await shop.generate(context)).toMatchObject({ outcome: "superseded" });
    expect(await contactOf(context)).toMatchObject({ conversation_mode: "auto" });
    expect(shop.slackTexts).toEqual([]);
  });
});

describe("remember", () => {
  async function remembered(...calls: unknown[]): Promise<object> {
    const shop = await openShopWithTools();
    shop.model.answers = calls.map((args) => asksFor("remember", args));
    return (await contactOf(await shop.answer(await shop.contactWrites("Hello")))).variables;
  }

  it("keeps a thing under its name, and the last that was said", async () => {
    expect(await remembered({ name: "size", value: "M" }, { name: "size", value: " L\n" })).toEqual(
      { size: "L" },
    );
  });

  it.each([
    ["__proto__", "x"],
    ["constructor", "x"],
    ["Größe", "x"],
    ["a".repeat(41), "x"],
    ["size", ""],
    ["size", "x".repeat(501)],
    ["size", { nested: "x" }],
  ])("refuses the name %j with the value %j", async (name, value) => {
    expect(await remembered({ name, value }, { name: "control", value: "x" })).toEqual({
      control: "x",
    });
  });

  it("keeps what looks like a secret's path as the text that it is, and shows it to the model as data", async () => {
    const shop = await openShopWithTools();
    const value = "$var:f/platform/openai_api_key";
    shop.model.answers = [asksFor("remember", { name: "name", value })];
    const context = await shop.answer(await shop.contactWrites("Call me that"));
    expect((await contactOf(context)).variables).toEqual({ name: value });
    const next = await shop.load(await shop.contactWrites("Hello"));
    expect(JSON.stringify(next)).not.toContain("$var:");
  });

  it("remembers at most thirty things, and replaces one of them all the same", async () => {
    const shop = await openShopWithTools();
    const context = await shop.answer(await shop.contactWrites("Hello"));
    const full = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`thing_${n}`, "x"]));
    await db.query("update contacts set variables = $2 where id = $1", [
      context.contact.id,
      JSON.stringify(full),
    ]);
    shop.model.answers = [
      asksFor("remember", { name: "one_more", value: "y" }),
      asksFor("remember", { name: "thing_7", value: "y" }),
    ];
    await shop.answer(await shop.contactWrites("Mail me at ada@example.com"));
    expect((await contactOf(context)).variables).toEqual({ ...full, thing_7: "y" });
  });
});

describe("what a contact writes of itself", () => {
  it("is kept without the model's doing", async () => {
    const shop = await openShopWithTools();
    const text = "It is order #A-1815, write to ada@example.com";
    const context = await shop.answer(await shop.contactWrites(text));
    expect((await contactOf(context)).variables).toEqual({
      email: "ada@example.com",
      order_number: "A-1815",
    });
  });
});

describe("a chatbot's built-in tools", () => {
  async function names(chatbot: Partial<ChatbotRow>): Promise<string[]> {
    const shop = await openShopWithTools(chatbot);
    const context = await shop.claim(await shop.contactWrites("Hello"));
    return (await toolsOf(shop, context)).map(({ definition }) => definition.name);
  }

  it("are those that it has not switched off", async () => {
    const facts = { opening_hours: "Monday to Friday, 9 to 17" };
    expect(await names({ facts })).toEqual(["hand_over_to_human", "remember", "get_fact"]);
    expect(await names({ facts, disabled_tools: ["remember", "get_fact"] })).toEqual([
      "hand_over_to_human",
    ]);
    expect(await names({})).toEqual(["hand_over_to_human", "remember"]);
  });

  it("tell a fact word for word, and none that is not there", async () => {
    const shop = await openShopWithTools({
      facts: { opening_hours: "Monday to Friday, 9 to 17", "Not a name": "x", number: 5 },
    });
    const context = await shop.claim(await shop.contactWrites("Hello"));
    const fact = (await toolsOf(shop, context)).find(
      ({ definition }) => definition.name === "get_fact",
    );
    const ask = (name: string) => fact?.run({ name }, new AbortController().signal);
    expect(fact?.definition.parameters).toMatchObject({
      properties: { name: { enum: ["opening_hours"] } },
    });
    expect(await ask("opening_hours")).toMatchObject({
      text: '{"name":"opening_hours","fact":"Monday to Friday, 9 to 17"}',
    });
    await expect(ask("constructor")).rejects.toThrow("one of opening_hours");
  });
});
