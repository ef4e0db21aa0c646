import { idOf, secondsOf } from "./message_event.ts";
import { isObject, type Json, type JsonObject } from "./storable_json.ts";
import type { StatusEvent } from "./webhook_event.ts";

const DELIVERY_STATUSES = new Set(["sent", "delivered", "read", "failed", "played"]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** null when this is no status that could move a message of ours. */
export function statusEvent(status: Json, phoneNumberId: string): StatusEvent | null {
  if (!isObject(status) || phoneNumberId === "") return null;
  const wamid = idOf(status.id);
  const reached = typeof status.status === "string" ? status.status : "";
  if (wamid === null || !DELIVERY_STATUSES.has(reached)) return null;
  return {
    kind: "status",
    phone_number_id: phoneNumberId,
    external_id: `${wamid}:${reached}:${recipientOf(status)}`,
    payload: status,
    wamid,
    delivery_status: reached,
    delivery_key: deliveryKeyOf(status),
    delivery_error: Array.isArray(status.errors) ? (status.errors[0] ?? null) : null,
    changed_at: secondsOf(status.timestamp),
  };
}

/** A message to a group gets one status from each of its members. */
function recipientOf(status: JsonObject): string {
  return (
    idOf(status.recipient_participant_id) ??
    idOf(status.recipient_user_id) ??
    idOf(status.recipient_id) ??
    ""
  );
}

/** Every app of the account sees every status, so the key may be some other app's and no uuid. */
function deliveryKeyOf(status: JsonObject): string | null {
  const key = status.biz_opaque_callback_data;
  return typeof key === "string" && UUID.test(key) ? key : null;
}
