import type { Json, JsonObject } from "./storable_json.ts";

/** What `record_webhook_events` takes; the names are those of its columns. */
export type WebhookEvent = MessageEvent | EchoEvent | StatusEvent | OtherEvent;

interface EventIdentity {
  /** Empty for changes that name no number. */
  phone_number_id: string;
  external_id: string;
}

export interface MessageEvent extends EventIdentity {
  kind: "message";
  payload: { message: JsonObject; profile_name: string | null };
  sender_bsuid: string | null;
  sender_phone: string | null;
  /** Unix seconds by Meta's clock. */
  sent_at: number | null;
  /** The contact pressed a button, so nothing more is being typed. */
  is_immediate: boolean;
}

/** A person of the business wrote to a contact in the WhatsApp Business app. */
export interface EchoEvent extends EventIdentity {
  kind: "echo";
  payload: { message: JsonObject };
  /** The contact, whom it went to. */
  sender_bsuid: string | null;
  sender_phone: string | null;
  /** Unix seconds by Meta's clock. */
  sent_at: number | null;
}

export interface StatusEvent extends EventIdentity {
  kind: "status";
  payload: JsonObject;
  wamid: string;
  delivery_status: string;
  /** Our own uuid, which travelled as biz_opaque_callback_data. */
  delivery_key: string | null;
  delivery_error: Json;
  changed_at: number | null;
}

/** What starts no flow and moves no message: kept, so that nothing acknowledged is lost. */
export interface OtherEvent extends EventIdentity {
  kind: "other";
  payload: { field: string; value: Json };
}
