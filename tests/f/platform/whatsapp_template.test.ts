import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whatsAppOf } from "../../../f/platform/whatsapp.ts";
import { templateParameter } from "../../../f/platform/whatsapp_template.ts";
import { startWhatsApp, type WhatsAppStandIn } from "../../../local/whatsapp/start_whatsapp.ts";

const number = {
  phoneNumberId: "106540352242922",
  displayPhoneNumber: "15550100000",
  accessToken: "EAAB-test",
  businessAccountId: "102290129340398",
};

let meta: WhatsAppStandIn;
beforeAll(async () => {
  meta = await startWhatsApp({
    port: 0,
    appSecret: "secret",
    verifyToken: "verify",
    phoneNumbers: [number],
    statusSteps: [],
  });
});
afterAll(() => meta.stop());

const client = () => whatsAppOf({ baseUrl: meta.url, ...number });
const message = {
  phone: "4915112345678",
  bsuid: null,
  deliveryKey: "5c9ad1b5-6d0c-4a3f-9d6d-1f1a5b1f0c11",
};

describe("a template", () => {
  it("is taken by WhatsApp with a reply of many lines in it", async () => {
    const { wamid } = await client().sendTemplate({
      ...message,
      body: `Hours:\n\n- Mon\t9 to 5\n-${" ".repeat(9)}Tue ${"x".repeat(2_000)}`,
      template: { name: "late_answer", language: "en_US" },
    });
    expect(meta.received(message.phone).at(-1)).toMatchObject({
      wamid,
      type: "template",
      text: "late_answer",
    });
  });
});

describe("its parameter", () => {
  it("is one line", () => {
    expect(templateParameter("Hours:\n\n- Mon\t9\n- Tue     10")).toBe(
      "Hours: · - Mon 9 · - Tue 10",
    );
  });

  it("is cut where Meta would refuse it, and never inside an emoji", () => {
    const cut = templateParameter("😀".repeat(700));
    expect(cut.length).toBeLessThanOrEqual(1_024);
    expect(cut).toMatch(/…$/);
    expect(cut).not.toMatch(/\p{Surrogate}/u);
  });
});

it("honours Retry-After of a throttle", async () => {
  meta.failNext({ kind: "error", code: 130429, retryAfterSeconds: 7 });
  await expect(client().sendText({ ...message, body: "Hi" })).rejects.toMatchObject({
    kind: "throttled",
    refusal: { retryAfterSeconds: 7 },
  });
});
