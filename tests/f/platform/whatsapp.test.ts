import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import express from "express";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { whatsAppOf } from "../../../f/platform/whatsapp.ts";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
  NumberStoppedError,
  TypingNotShownError,
} from "../../../f/platform/whatsapp_errors.ts";
import { listen } from "../../../local/listen.ts";
import type { WhatsAppStandIn } from "../../../local/whatsapp/start_whatsapp.ts";
import { startWhatsApp } from "../../../local/whatsapp/start_whatsapp.ts";
import { resolveBunBinary } from "../../../local/windmill/bun_binary.ts";

const number = {
  phoneNumberId: "106540352242922",
  displayPhoneNumber: "15550100000",
  accessToken: "EAAB-test",
  businessAccountId: "102290129340398",
};
const contact = { waId: "4915112345678", userId: "DE.1234567890", name: "Grace" };
const deliveryKey = "5c9ad1b5-6d0c-4a3f-9d6d-1f1a5b1f0c11";

let meta: WhatsAppStandIn;
let wamid: string;
beforeAll(async () => {
  meta = await startWhatsApp({
    port: 0,
    appSecret: "secret",
    verifyToken: "verify",
    phoneNumbers: [number],
    statusSteps: [],
  });
  ({ wamid } = meta.contactSends({
    phoneNumberId: number.phoneNumberId,
    contact,
    text: "When do you open?",
  }));
});
afterAll(() => meta.stop());

const client = (overrides: Partial<{ accessToken: string; baseUrl: string }> = {}) =>
  whatsAppOf({
    baseUrl: meta.url,
    phoneNumberId: number.phoneNumberId,
    accessToken: number.accessToken,
    ...overrides,
  });
const text = { phone: contact.waId, bsuid: contact.userId, body: "At nine.", deliveryKey };

describe("sendText", () => {
  it.each([
    ["the phone number", { phone: contact.waId, bsuid: contact.userId }],
    ["the business-scoped id, when there is no number", { phone: null, bsuid: contact.userId }],
  ])("sends to %s, with the delivery key", async (_, to) => {
    const sent = await client().sendText({ ...text, ...to });
    const received = meta.received(contact).at(-1);
    expect(received).toMatchObject({
      wamid: sent.wamid,
      text: "At nine.",
      bizOpaqueCallbackData: deliveryKey,
    });
  });

  it.each([
    [131047, MessageRefusedError, { kind: "permanent" }],
    [190, NumberStoppedError, { kind: "tenant_stopped", name: "NumberStoppedError" }],
    [131056, MessageDelayedError, { kind: "throttled" }],
    [131016, MessageDelayedError, { kind: "transient" }],
  ])("knows after code %i that it was not sent", async (code, type, fields) => {
    meta.failNext({ kind: "error", code });
    const sending = client().sendText(text);
    await expect(sending).rejects.toBeInstanceOf(type);
    await expect(sending).rejects.toMatchObject({ ...fields, refusal: { code } });
  });

  it("does not know after a server error, a proxy's page or a cut connection", async () => {
    meta.failNext({ kind: "error", code: 131000, status: 500 });
    await expect(client().sendText(text)).rejects.toThrow(MessageOutcomeUnknownError);
    meta.failNext({ kind: "http", status: 502, body: "<h1>Bad Gateway</h1>" });
    await expect(client().sendText(text)).rejects.toThrow(MessageOutcomeUnknownError);
    meta.failNext({ kind: "drop", accepted: true });
    await expect(client().sendText(text)).rejects.toThrow(MessageOutcomeUnknownError);
  });

  it("does not know when no answer comes in time, or one that is too long to be read", async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const soon = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms / 100));
    meta.failNext({ kind: "hang", accepted: true });
    await expect(client().sendText(text)).rejects.toThrow(/did not answer in time/);
    soon.mockRestore();
    const answer = { messages: [{ id: "wamid.1" }], padding: "x".repeat(70_000) };
    meta.failNext({ kind: "http", status: 200, body: JSON.stringify(answer) });
    await expect(client().sendText(text)).rejects.toThrow(MessageOutcomeUnknownError);
  });

  it("knows that it was not sent when no connection was made", async () => {
    const gone = await listen(express(), 0);
    await gone.close();
    const nobody = client({ baseUrl: gone.url });
    await expect(nobody.sendText(text)).rejects.toThrow(MessageDelayedError);
  });

  it("sends once on Windmill's Bun when a connection that was used before is cut", async () => {
    const before = meta.received(contact).length;
    const probe = fileURLToPath(new URL("whatsapp_probe.ts", import.meta.url));
    const { phoneNumberId, accessToken } = number;
    const call = [{ baseUrl: meta.url, phoneNumberId, accessToken }, [text, text]];
    let arrived = 0;
    const unsubscribe = meta.onMessage(() => {
      arrived += 1;
      if (arrived === 1) meta.failNext({ kind: "drop", accepted: true });
    });
    const { stdout } = await promisify(execFile)(resolveBunBinary(), [probe, JSON.stringify(call)]);
    unsubscribe();
    expect(JSON.parse(stdout)).toEqual(["accepted", "MessageOutcomeUnknownError"]);
    expect(meta.received(contact).length - before).toBe(2);
  });

  it("never shows the access token in an error", async () => {
    const sending = client({ accessToken: "EAAB-wrong" }).sendText(text);
    await expect(sending).rejects.toMatchObject({ kind: "tenant_stopped" });
    const error = await sending.catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error) + String(error)).not.toContain("EAAB-wrong");
  });
});

describe("showTyping", () => {
  it("marks the contact's message as read and shows that an answer is coming", async () => {
    const shown: string[] = [];
    const unsubscribe = meta.onTyping((typing) => shown.push(typing.contact.userId));
    await client().showTyping(wamid);
    unsubscribe();
    expect(shown).toEqual([contact.userId]);
  });

  it("throws its own error when it was refused or cut", async () => {
    meta.failNext({ kind: "error", code: 131009 }, { call: "read" });
    await expect(client().showTyping(wamid)).rejects.toThrow(TypingNotShownError);
    meta.failNext({ kind: "drop", accepted: false }, { call: "read" });
    await expect(client().showTyping(wamid)).rejects.toThrow(TypingNotShownError);
  });
});
