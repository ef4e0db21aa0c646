import { z } from "zod";

/** A contact's message as we keep it. */
export interface ParsedMessage {
  /** WhatsApp's type, such as text, image, interactive */
  readonly kind: string;
  /** what the contact wrote: the text, a caption, a button's title; often empty */
  readonly body: string;
  /** what the kind has besides: a media id, a position, a button's id */
  readonly details: Readonly<Record<string, unknown>>;
  readonly wamid: string | null;
  readonly profileName: string;
  /** A reaction or a notice by WhatsApp is kept and not answered. */
  readonly isAnswerable: boolean;
}

const text = z.string().catch("");
const media = z.object({ id: text, mime_type: text, caption: text, filename: text }).partial();
const choice = z.object({ id: text, title: text }).partial();

/** Every part may be missing or of another shape: whatever came is kept as far as it is understood. */
const payload = z.object({
  profile_name: text,
  message: z
    .object({
      id: text,
      type: text,
      text: z.object({ body: text }).optional().catch(undefined),
      image: media.optional().catch(undefined),
      video: media.optional().catch(undefined),
      audio: media.extend({ voice: z.boolean().optional() }).optional().catch(undefined),
      document: media.optional().catch(undefined),
      sticker: media.optional().catch(undefined),
      location: z
        .object({ latitude: z.number(), longitude: z.number(), name: text, address: text })
        .partial()
        .optional()
        .catch(undefined),
      contacts: z
        .array(z.object({ name: z.object({ formatted_name: text }) }))
        .optional()
        .catch(undefined),
      interactive: z
        .object({ button_reply: choice, list_reply: choice })
        .partial()
        .optional()
        .catch(undefined),
      button: z.object({ text, payload: text }).optional().catch(undefined),
      reaction: z.object({ emoji: text, message_id: text }).optional().catch(undefined),
    })
    .catch({ id: "", type: "" }),
});
type Message = z.infer<typeof payload>["message"];

const NOT_ANSWERED = new Set(["reaction", "system", "edit", "revoke"]);

/** Reads an event's payload, {"message", "profile_name"} as Meta sent it. Never throws. */
export function parseMessage(raw: unknown): ParsedMessage {
  const parsed = payload.safeParse(raw);
  if (!parsed.success) {
    return {
      kind: "unsupported",
      body: "",
      details: {},
      wamid: null,
      profileName: "",
      isAnswerable: false,
    };
  }
  const { message, profile_name } = parsed.data;
  const kind = message.type === "" ? "unsupported" : message.type;
  return {
    kind,
    ...contentOf(kind, message),
    wamid: message.id === "" ? null : message.id,
    profileName: profile_name,
    isAnswerable: !NOT_ANSWERED.has(kind),
  };
}

function contentOf(kind: string, message: Message): Pick<ParsedMessage, "body" | "details"> {
  switch (kind) {
    case "text":
      return { body: message.text?.body ?? "", details: {} };
    case "image":
    case "video":
    case "audio":
    case "document":
    case "sticker": {
      const { caption = "", ...details } = message[kind] ?? {};
      return { body: caption, details };
    }
    case "location": {
      const { name = "", address = "", ...details } = message.location ?? {};
      return { body: [name, address].filter(Boolean).join(", "), details };
    }
    case "contacts":
      return {
        body: (message.contacts ?? []).map(({ name }) => name.formatted_name).join(", "),
        details: {},
      };
    case "interactive": {
      const chosen = message.interactive?.button_reply ?? message.interactive?.list_reply ?? {};
      return { body: chosen.title ?? "", details: { id: chosen.id ?? "" } };
    }
    case "button":
      return {
        body: message.button?.text ?? "",
        details: { payload: message.button?.payload ?? "" },
      };
    case "reaction":
      return {
        body: message.reaction?.emoji ?? "",
        details: { message_id: message.reaction?.message_id ?? "" },
      };
    default:
      return { body: "", details: {} };
  }
}
