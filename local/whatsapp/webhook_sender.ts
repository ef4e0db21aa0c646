import { createHmac, randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { wireBytes } from "./webhook_bodies.ts";

/**
 * Meta repeats a webhook at once and then ever more slowly for 7 days; here the same shape in
 * about 20 seconds.
 */
const DEFAULT_RETRY_DELAYS_MS = [0, 250, 500, 1_000, 2_000, 5_000, 10_000];
const DEFAULT_TIMEOUT_MS = 10_000;

export interface WebhookAnswer {
  status: number;
  body: string;
}

/** What became of a webhook: it counts as delivered only by exactly 200, as Meta has it. */
export interface WebhookDelivery {
  delivered: boolean;
  /** One line for each attempt: the status that came back, or why none did. */
  attempts: string[];
}

export class WebhookNotVerified extends Error {
  override readonly name = "WebhookNotVerified";
  constructor(url: string, why: string) {
    super(
      `${url} did not return the challenge of the verification GET: ${why}. ` +
        "The verify token of the webhook server must be the one given to startWhatsApp.",
    );
  }
}

export class NoWebhookUrl extends Error {
  override readonly name = "NoWebhookUrl";
  constructor() {
    super("No webhook URL is set: call setWebhookUrl() once the webhook server listens.");
  }
}

export interface WebhookSenderOptions {
  appSecret: string;
  verifyToken: string;
  retryDelaysMs?: readonly number[];
  timeoutMs?: number;
}

/** Posts signed webhooks to the one callback URL of the app. */
export class WebhookSender {
  #options: WebhookSenderOptions;
  #url: string | undefined;
  #stopped = new AbortController();

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    // every webhook under way listens
    setMaxListeners(0, this.#stopped.signal);
  }

  /** Sets the callback URL as the app dashboard does: only if it proves to know the token. */
  async setUrl(url: string): Promise<void> {
    const challenge = randomUUID();
    const query = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.challenge": challenge,
      "hub.verify_token": this.#options.verifyToken,
    });
    const answer = await this.#fetch(`${url}?${query}`, { method: "GET" });
    if (answer.status !== 200) throw new WebhookNotVerified(url, `HTTP ${answer.status}`);
    if (answer.body !== challenge) throw new WebhookNotVerified(url, "another body");
    this.#url = url;
  }

  /** One attempt. A signature of `null` leaves the header out; none given means the right one. */
  async post(body: Uint8Array, signature?: string | null): Promise<WebhookAnswer> {
    if (this.#url === undefined) throw new NoWebhookUrl();
    const signed = signature === undefined ? this.sign(body) : signature;
    return this.#fetch(this.#url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "facebookexternalua",
        ...(signed === null ? {} : { "x-hub-signature-256": signed }),
      },
      body: Buffer.from(body),
    });
  }

  /** Posts until it is answered by 200 or the retries are used up. Never rejects. */
  async deliver(body: unknown): Promise<WebhookDelivery> {
    const bytes = wireBytes(body);
    const attempts: string[] = [];
    for (const delay of [0, ...(this.#options.retryDelaysMs ?? DEFAULT_RETRY_DELAYS_MS)]) {
      try {
        await sleep(attempts.length === 0 ? 0 : delay, undefined, { signal: this.#stopped.signal });
        const { status } = await this.post(bytes);
        attempts.push(`HTTP ${status}`);
        if (status === 200) return { delivered: true, attempts };
      } catch (error) {
        attempts.push(error instanceof Error ? error.message : String(error));
        if (this.#stopped.signal.aborted) break;
      }
    }
    return { delivered: false, attempts };
  }

  sign(body: Uint8Array): string {
    return `sha256=${createHmac("sha256", this.#options.appSecret).update(body).digest("hex")}`;
  }

  /** Cuts the running attempts and the waiting ones. */
  stop(): void {
    this.#stopped.abort();
  }

  async #fetch(url: string, init: RequestInit): Promise<WebhookAnswer> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const response = await fetch(url, {
      ...init,
      // Meta follows no redirect: a 3xx is a failed delivery.
      redirect: "manual",
      signal: AbortSignal.any([timeout, this.#stopped.signal]),
    });
    return { status: response.status, body: await response.text() };
  }
}
