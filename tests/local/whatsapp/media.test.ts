import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { ANA, NUMBER, startStandIn, TOKEN, valuesOf } from "./stand_in.ts";

const MINUTE_MS = 60_000;
const file = {
  kind: "document",
  bytes: Buffer.from("%PDF-1.7"),
  mimeType: "application/pdf",
  filename: "Olá.pdf",
  caption: "My order",
} as const;

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** A document of Ana's, its webhook's words, and a clock. */
async function sendsDocument() {
  const clock = { now: 1_000 };
  const { whatsapp, receiver } = await startStandIn({ now: () => clock.now });
  await whatsapp.contactSendsFile({ phoneNumberId: NUMBER, contact: ANA, file }).delivery;
  const { document } = valuesOf(receiver.webhooks)[0].messages[0];
  const ask = async (id: string, token = TOKEN) => {
    const answer = await fetch(`${whatsapp.url}/v25.0/${id}`, bearer(token));
    return { status: answer.status, body: await answer.json() };
  };
  return { whatsapp, clock, document, ask };
}

it("tells of a file by its id, with its caption and hash", async () => {
  const { document } = await sendsDocument();
  expect(document).toMatchObject({
    id: expect.stringMatching(/^\d+$/),
    mime_type: "application/pdf",
    filename: "Olá.pdf",
    caption: "My order",
    sha256: createHash("sha256").update(file.bytes).digest("base64"),
  });
});

it("gives the bytes in two steps, for the number's token", async () => {
  const { document, ask } = await sendsDocument();
  const { body } = await ask(document.id);
  expect(body).toMatchObject({ id: document.id, mime_type: "application/pdf", file_size: "8" });
  const download = await fetch(body.url, bearer(TOKEN));
  expect(await download.text()).toBe("%PDF-1.7");
  expect((await fetch(body.url)).status).toBe(401);
  expect((await ask(document.id, "another token")).status).toBe(401);
});

it("gives nothing from an address that is five minutes old, and a new address at any time", async () => {
  const { clock, document, ask } = await sendsDocument();
  const { body: old } = await ask(document.id);
  clock.now += 5 * MINUTE_MS;
  expect((await fetch(old.url, bearer(TOKEN))).status).toBe(404);
  const { body: fresh } = await ask(document.id);
  expect((await fetch(fresh.url, bearer(TOKEN))).status).toBe(200);
});

it("knows no file that it has forgotten", async () => {
  const { whatsapp, document, ask } = await sendsDocument();
  whatsapp.forgetFiles();
  expect(await ask(document.id)).toMatchObject({ status: 400, body: { error: { code: 100 } } });
});
