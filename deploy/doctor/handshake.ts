import { randomUUID } from "node:crypto";
import type { Http } from "./clients.ts";

export interface Handshake {
  readonly status: number;
  /** Whether the challenge came back, without which Meta does not take an address. */
  readonly succeeded: boolean;
}

/** What Meta does when somebody saves the webhook's address. Rejects when nobody answers. */
export async function shakeHands(http: Http, address: string, token: string): Promise<Handshake> {
  const challenge = randomUUID();
  const query = new URLSearchParams({
    "hub.mode": "subscribe",
    "hub.challenge": challenge,
    "hub.verify_token": token,
  });
  const { status, text } = await http(`${address}?${query}`);
  return { status, succeeded: status === 200 && text === challenge };
}
