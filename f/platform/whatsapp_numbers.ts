import * as z from "zod/v4";
import { decryptCredential, type KeySet, parseKeySet } from "./secrets.ts";
import { type WhatsApp, type WhatsAppNumber, whatsAppOf } from "./whatsapp.ts";
import { readResource, readVariable } from "./windmill_values.ts";

/** What a row of chatbots says of its number. The access token is sealed for the chatbot's own id. */
export interface ChatbotNumber {
  readonly organization_id: string;
  readonly chatbot_id: string;
  readonly phone_number_id: string;
  readonly whatsapp_access_token: unknown;
}

/** Acts as a chatbot's number. Throws AccessTokenMissingError, CredentialError. */
export type WhatsAppFor = (number: ChatbotNumber) => WhatsApp;

export class AccessTokenMissingError extends Error {
  override readonly name = "AccessTokenMissingError";
  readonly chatbotId: string;

  constructor(chatbotId: string) {
    super(`The chatbot ${chatbotId} has no WhatsApp access token: store one in chatbots.`);
    this.chatbotId = chatbotId;
  }
}

const cloudApi = z.object({ base_url: z.url() });

/** Opens a chatbot's number: its token in clear. Throws AccessTokenMissingError, CredentialError. */
export type NumberFor = (number: ChatbotNumber) => WhatsAppNumber;

/** Reads the resource f/platform/whatsapp_cloud_api and the keys that open the access tokens. */
export async function readNumbers(): Promise<NumberFor> {
  const [resource, keys] = await Promise.all([
    readResource("f/platform/whatsapp_cloud_api"),
    readVariable("f/platform/credentials_keys"),
  ]);
  return numberFor(cloudApi.parse(resource).base_url, parseKeySet(keys));
}

export async function readWhatsApp(): Promise<WhatsAppFor> {
  const open = await readNumbers();
  return (number) => whatsAppOf(open(number));
}

export function whatsAppFor(baseUrl: string, keySet: KeySet): WhatsAppFor {
  const open = numberFor(baseUrl, keySet);
  return (number) => whatsAppOf(open(number));
}

function numberFor(baseUrl: string, keySet: KeySet): NumberFor {
  return (number) => {
    if (number.whatsapp_access_token === null) {
      throw new AccessTokenMissingError(number.chatbot_id);
    }
    const owner = { organizationId: number.organization_id, credentialId: number.chatbot_id };
    return {
      baseUrl: baseUrl.replace(/\/+$/, ""),
      phoneNumberId: number.phone_number_id,
      accessToken: decryptCredential(keySet, owner, number.whatsapp_access_token),
    };
  };
}
