import * as z from "zod/v4";
import { orderText, positionText, replyText } from "./message_words.ts";

/** A contact's message as we keep it. */
export interface ParsedMessage {
  /** WhatsApp's type, such as text, image, interactive */
  readonly kind: string;
  /** what the contact wrote or chose, in words: the text, a caption, a button's title; often empty */
  readonly body: string;
  /** what the message has besides: a media id, a position, a button's id, the message that it answers */
  readonly details: Readonly<Record<string, unknown>>;
  readonly wamid: string | null;
  readonly profileName: string;
  /** A reaction or a notice by WhatsApp is not answered. */
  readonly isAnswerable: boolean;
  /** Nothing in it can be shown to a model: a file or a voice message without words, a kind that WhatsApp withholds. */
  readonly isWordless: boolean;
  /** Set for a notice by WhatsApp, which changes what is known and is itself no part of the conversation. */
  readonly notice: Notice | null;
}

export type Notice =
  | { readonly kind: "edit"; readonly wamid: string; readonly body: string }
  | { readonly kind: "revoke"; readonly wamid: string }
  /** The contact has another number, another id, or both; null: that one was not named. */
  | { readonly kind: "identity"; readonly bsuid: string | null; readonly phone: string | null }
  /** nothing follows from it, such as a new phone with the same number */
  | { readonly kind: "none" };

/** Every part may be missing or of another shape: whatever came is kept as far as it is understood. */
const text = z.string().catch("");
const maybe = <Shape extends z.ZodType>(shape: Shape) => shape.optional().catch(undefined);
const media = z.object({ id: text, mime_type: text, caption: text, filename: text }).partial();
const choice = z.object({ id: text, title: text, description: text }).partial();

const content = z.object({
  type: text,
  text: maybe(z.object({ body: text })),
  image: maybe(media),
  video: maybe(media),
  audio: maybe(media.extend({ voice: z.boolean().optional() })),
  // the retired on-premises API's name for a voice message
  voice: maybe(media),
  document: maybe(media),
  sticker: maybe(media),
  location: maybe(
    z.object({ latitude: z.number(), longitude: z.number(), name: text, address: text }).partial(),
  ),
  contacts: maybe(
    z.array(
      z.object({
        name: z.object({ formatted_name: text }).catch({ formatted_name: "" }),
        phones: z.array(z.object({ phone: text })).catch([]),
      }),
    ),
  ),
  interactive: maybe(
    z.object({
      type: text,
      button_reply: maybe(choice),
      list_reply: maybe(choice),
      nfm_reply: maybe(z.object({ name: text, response_json: text })),
    }),
  ),
  button: maybe(z.object({ text, payload: text })),
  reaction: maybe(z.object({ emoji: text, message_id: text })),
  order: maybe(
    z.object({
      catalog_id: text,
      text,
      product_items: z
        .array(
          z.object({
            product_retailer_id: text,
            quantity: z.coerce.number().catch(1),
            item_price: z.coerce.number().optional().catch(undefined),
            currency: text,
          }),
        )
        .catch([]),
    }),
  ),
  unsupported: maybe(z.object({ type: text })),
});
type Content = z.infer<typeof content>;

const message = content.extend({
  id: text,
  context: maybe(z.object({ id: text, forwarded: z.boolean().catch(false) })),
  referral: maybe(z.object({ headline: text, body: text, source_url: text, source_id: text })),
  edit: maybe(z.object({ original_message_id: text, message: content })),
  revoke: maybe(z.object({ original_message_id: text })),
  system: maybe(z.object({ type: text, wa_id: text, new_wa_id: text, user_id: text })),
});
type Message = z.infer<typeof message>;

const NOTHING: Message = message.parse({});
const payload = z.object({ profile_name: text, message: message.catch(NOTHING) });

/** Reads an event's payload, {"message", "profile_name"} as Meta sent it. Never throws. */
export function parseMessage(raw: unknown): ParsedMessage {
  const { message: said, profile_name } = payload
    .catch({ profile_name: "", message: NOTHING })
    .parse(raw);
  const kind = said.type === "" ? "unsupported" : said.type;
  const { body, details } = contentOf(said);
  const notice = noticeOf(said);
  return {
    kind,
    body,
    details: { ...details, ...surroundingsOf(said) },
    wamid: said.id === "" ? null : said.id,
    profileName: profile_name,
    isAnswerable: notice === null && !isSilent(said),
    isWordless: body === "",
    notice,
  };
}

const FILE_KINDS = new Set(["image", "video", "audio", "voice", "document", "sticker"]);

/** Meta's id of the message's file; null when it has none. */
export function mediaIdOf({
  kind,
  details,
}: Pick<ParsedMessage, "kind" | "details">): string | null {
  return FILE_KINDS.has(kind) && typeof details.id === "string" && details.id !== ""
    ? details.id
    : null;
}

/** What asks nothing: a reaction, a yes or no to being called, an edit that WhatsApp does not show us. */
function isSilent({ type, interactive, unsupported }: Message): boolean {
  return (
    type === "reaction" ||
    interactive?.type === "call_permission_reply" ||
    (type === "unsupported" && unsupported?.type === "edit")
  );
}

function noticeOf({ type, edit, revoke, system }: Message): Notice | null {
  switch (type) {
    case "edit":
      return edit && edit.original_message_id !== ""
        ? { kind: "edit", wamid: edit.original_message_id, body: contentOf(edit.message).body }
        : { kind: "none" };
    case "revoke":
      return revoke && revoke.original_message_id !== ""
        ? { kind: "revoke", wamid: revoke.original_message_id }
        : { kind: "none" };
    case "system": {
      const phone = system?.wa_id || system?.new_wa_id || null;
      const bsuid = system?.user_id || null;
      // customer_identity_changed names who it is about, and nothing new
      const isChange =
        system?.type.startsWith("user_changed_") === true && (phone ?? bsuid) !== null;
      return isChange ? { kind: "identity", bsuid, phone } : { kind: "none" };
    }
    default:
      return null;
  }
}

/** What a message of any kind may have around it: the message it answers, the ad it began with. */
function surroundingsOf({ context, referral }: Message): Record<string, unknown> {
  return {
    ...(context !== undefined && context.id !== "" ? { quoted_wamid: context.id } : {}),
    ...(context?.forwarded ? { forwarded: true } : {}),
    ...(referral === undefined ? {} : { referral }),
  };
}

function contentOf(said: Content): Pick<ParsedMessage, "body" | "details"> {
  switch (said.type) {
    case "text":
      return { body: said.text?.body ?? "", details: {} };
    case "image":
    case "video":
    case "audio":
    case "voice":
    case "document":
    case "sticker": {
      const { caption = "", ...details } = said[said.type] ?? {};
      return { body: caption, details };
    }
    case "location":
      return { body: positionText(said.location ?? {}), details: positionOf(said) };
    case "contacts":
      return { body: contactsText(said), details: {} };
    case "interactive": {
      const { interactive } = said;
      const chosen = interactive?.button_reply ?? interactive?.list_reply;
      if (chosen) return { body: chosen.title ?? "", details: { id: chosen.id ?? "" } };
      const form = interactive?.nfm_reply;
      return form
        ? { body: replyText(form.response_json), details: { form: form.name } }
        : { body: "", details: {} };
    }
    case "button":
      return { body: said.button?.text ?? "", details: { payload: said.button?.payload ?? "" } };
    case "reaction":
      // a reaction that was taken back has no emoji
      return {
        body: said.reaction?.emoji ?? "",
        details: { message_id: said.reaction?.message_id ?? "" },
      };
    case "order":
      return { body: orderText(said.order), details: { ...said.order } };
    default:
      return { body: "", details: {} };
  }
}

function positionOf({ location = {} }: Content): Record<string, unknown> {
  const { latitude, longitude } = location;
  return {
    ...(latitude === undefined ? {} : { latitude }),
    ...(longitude === undefined ? {} : { longitude }),
  };
}

function contactsText({ contacts = [] }: Content): string {
  return contacts
    .map(({ name, phones }) =>
      [name.formatted_name, ...phones.map(({ phone }) => phone)].filter(Boolean).join(" "),
    )
    .join(", ");
}
