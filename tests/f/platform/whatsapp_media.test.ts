import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { WhatsAppNumber } from "../../../f/platform/whatsapp.ts";
import { downloadMedia } from "../../../f/platform/whatsapp_media.ts";
import {
  MediaLostError,
  MediaUnavailableError,
} from "../../../f/platform/whatsapp_media_errors.ts";
import { startWhatsApp, type WhatsAppStandIn } from "../../../local/whatsapp/start_whatsapp.ts";

const number = {
  phoneNumberId: "106540352242922",
  displayPhoneNumber: "15550100000",
  accessToken: "EAAB-test",
  businessAccountId: "102290129340398",
};
const contact = { waId: "4915112345678", name: "Grace" };
const picture = { kind: "image", bytes: Buffer.from("a picture"), mimeType: "image/png" } as const;

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

const at = (baseUrl: string): WhatsAppNumber => ({
  baseUrl,
  phoneNumberId: number.phoneNumberId,
  accessToken: number.accessToken,
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** A Graph API that names the address and what else it is told of a file, and serves the bytes. */
async function startGraph(
  says: (origin: string) => object,
  serve: RequestListener = (_request, response) => response.end(picture.bytes),
) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    if (request.url !== "/v25.0/1") return serve(request, response);
    response.end(JSON.stringify({ mime_type: "image/png", ...says(origin) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  onTestFinished(() => void server.close());
  return { origin, asked };
}

const fetched = (baseUrl: string, kind = "image") => downloadMedia(at(baseUrl), { id: "1", kind });

describe("a file of a contact", () => {
  it("comes with its type and the hash of its bytes", async () => {
    const { mediaId } = meta.contactSendsFile({
      phoneNumberId: number.phoneNumberId,
      contact,
      file: picture,
    });
    const file = await downloadMedia(at(meta.url), { id: mediaId, kind: "image" });
    expect(Buffer.from(file.bytes).toString()).toBe("a picture");
    expect(file).toMatchObject({
      mimeType: "image/png",
      sha256: sha256(picture.bytes).toString("hex"),
    });
  });

  it.each(["hex", "base64"] as const)("is what its hash in %s says", async (encoding) => {
    const { origin } = await startGraph((base) => ({
      url: `${base}/file`,
      sha256: sha256(picture.bytes).toString(encoding),
    }));
    expect((await fetched(origin)).bytes).toHaveLength(picture.bytes.length);
  });
});

describe("a file that will not come later either", () => {
  it("is one that WhatsApp no longer has", async () => {
    await expect(fetched(meta.url)).rejects.toBeInstanceOf(MediaLostError);
  });

  it("is one that is announced as too large, and its bytes are not asked for", async () => {
    const { origin, asked } = await startGraph((base) => ({
      url: `${base}/file`,
      file_size: "5242881",
    }));
    await expect(fetched(origin)).rejects.toBeInstanceOf(MediaLostError);
    expect(asked).toHaveLength(1);
    // control: a video may have that many
    await expect(fetched(origin, "video")).resolves.toMatchObject({ mimeType: "image/png" });
  });

  it("is one that turns out to be too large", async () => {
    const { origin } = await startGraph(
      (base) => ({ url: `${base}/file` }),
      (_request, response) => response.end(Buffer.alloc(2 * 1_024 * 1_024)),
    );
    await expect(fetched(origin, "sticker")).rejects.toBeInstanceOf(MediaLostError);
  });

  it.each([
    "https://example.com/file",
    "https://fbsbx.com.example.com/file",
    "https://notfbsbx.com/file",
    "http://lookaside.fbsbx.com/file",
    "https://lookaside.fbsbx.com:8443/file",
    "http://169.254.169.254/latest/meta-data",
  ])("is one at %s: the token goes to Meta only", async (url) => {
    const { origin } = await startGraph(() => ({ url }));
    await expect(fetched(origin)).rejects.toThrow(/not one of Meta's/);
  });
});

describe("a file that may come later", () => {
  it.each([
    ["the token is refused", { kind: "error", code: 190 }, "media"],
    ["Meta throttles", { kind: "error", code: 4 }, "media"],
    ["Meta has a failure", { kind: "http", status: 503, body: "<html>" }, "media"],
    ["a page comes instead", { kind: "http", status: 200, body: "<html>" }, "media"],
    ["the address has expired", { kind: "http", status: 404, body: "" }, "download"],
    ["the connection breaks", { kind: "drop", accepted: false }, "download"],
  ] as const)("is one of which %s", async (_why, fault, call) => {
    const { mediaId } = meta.contactSendsFile({
      phoneNumberId: number.phoneNumberId,
      contact,
      file: picture,
    });
    const download = () => downloadMedia(at(meta.url), { id: mediaId, kind: "image" });
    meta.failNext(fault, { call });
    await expect(download()).rejects.toBeInstanceOf(MediaUnavailableError);
    // control: the next try has it
    await expect(download()).resolves.toMatchObject({ mimeType: "image/png" });
  });

  it("is one whose bytes are not those announced", async () => {
    const { origin } = await startGraph((base) => ({ url: `${base}/file`, sha256: "00" }));
    await expect(fetched(origin)).rejects.toThrow(/not those/);
  });

  it("is one that is said to be elsewhere: the token does not follow", async () => {
    const { origin, asked } = await startGraph(
      (base) => ({ url: `${base}/file` }),
      (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
    );
    await expect(fetched(origin)).rejects.toBeInstanceOf(MediaUnavailableError);
    expect(asked).toHaveLength(2);
  });
});
