import { z } from "zod";
import { GraphError } from "./graph_error.ts";

const text = z.strictObject({
  body: z.string().min(1).max(4096),
  preview_url: z.boolean().optional(),
});

const media = z.strictObject({
  link: z.url(),
  caption: z.string().max(1024).optional(),
  filename: z.string().optional(),
});

const replyButton = z.strictObject({
  type: z.literal("reply"),
  reply: z.strictObject({ id: z.string().min(1).max(256), title: z.string().min(1).max(20) }),
});

const listSection = z.strictObject({
  title: z.string().max(24).optional(),
  rows: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(200),
        title: z.string().min(1).max(24),
        description: z.string().max(72).optional(),
      }),
    )
    .min(1)
    .max(10),
});

const interactiveParts = {
  header: z.looseObject({ type: z.string() }).optional(),
  footer: z.strictObject({ text: z.string().max(60) }).optional(),
};

const interactive = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("button"),
    body: z.strictObject({ text: z.string().min(1).max(1024) }),
    action: z.strictObject({ buttons: z.array(replyButton).min(1).max(3) }),
    ...interactiveParts,
  }),
  z.strictObject({
    type: z.literal("list"),
    body: z.strictObject({ text: z.string().min(1).max(4096) }),
    action: z.strictObject({
      button: z.string().min(1).max(20),
      sections: z.array(listSection).min(1).max(10),
    }),
    ...interactiveParts,
  }),
]);

/** Meta refuses line ends, tabs and more than four spaces in a row in a parameter. */
const templateParameter = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("text"),
    parameter_name: z.string().optional(),
    text: z
      .string()
      .min(1)
      .max(1_024)
      .regex(/^(?!.*(?:[\n\r\t]| {5})).*$/s, "has a line end, a tab or more than four spaces"),
  }),
  z.looseObject({ type: z.enum(["currency", "date_time"]) }),
]);

const template = z.strictObject({
  name: z.string().min(1),
  language: z.strictObject({ code: z.string().min(2) }),
  components: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({ type: z.literal("body"), parameters: z.array(templateParameter) }),
        z.looseObject({ type: z.enum(["header", "button"]) }),
      ]),
    )
    .optional(),
});

const addressed = {
  messaging_product: z.literal("whatsapp"),
  recipient_type: z.literal("individual").optional(),
  to: z.string().min(1).optional(),
  recipient: z.string().min(1).optional(),
  context: z.strictObject({ message_id: z.string().min(1) }).optional(),
  biz_opaque_callback_data: z.string().max(512).optional(),
};

const message = z.discriminatedUnion("type", [
  z.strictObject({ ...addressed, type: z.literal("text"), text }),
  z.strictObject({ ...addressed, type: z.literal("image"), image: media }),
  z.strictObject({ ...addressed, type: z.literal("document"), document: media }),
  z.strictObject({ ...addressed, type: z.literal("audio"), audio: media }),
  z.strictObject({ ...addressed, type: z.literal("video"), video: media }),
  z.strictObject({ ...addressed, type: z.literal("interactive"), interactive }),
  z.strictObject({ ...addressed, type: z.literal("template"), template }),
  z.strictObject({
    ...addressed,
    type: z.literal("reaction"),
    reaction: z.strictObject({ message_id: z.string().min(1), emoji: z.string() }),
  }),
]);

const readReceipt = z.strictObject({
  messaging_product: z.literal("whatsapp"),
  status: z.literal("read"),
  message_id: z.string().min(1),
  typing_indicator: z.strictObject({ type: z.literal("text") }).optional(),
});

export type MessageRequest = z.infer<typeof message>;
export type ReadReceipt = z.infer<typeof readReceipt>;

/** A body of POST /messages, or the GraphError that Meta would answer. */
export function parseMessageRequest(body: unknown): MessageRequest | ReadReceipt {
  const fields = z.record(z.string(), z.unknown()).safeParse(body);
  if (!fields.success) throw new GraphError({ code: 100, details: "The body is not an object." });
  if ("status" in fields.data) return parse(readReceipt, body);
  const request = parse(message, { type: "text", ...fields.data });
  if (request.to === undefined && request.recipient === undefined) {
    throw new GraphError({ code: 131008, details: "The parameter to is required." });
  }
  return request;
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new GraphError({ code: 100, details: result.error.message });
  const param = issue.path.join(".");
  const details = `${param === "" ? "Body" : `Param ${param}`}: ${issue.message}`;
  throw new GraphError({ code: codeOf(issue), details });
}

/** Meta: 131008 for what is missing, 100 for what the method does not know, 131009 for bad values. */
function codeOf(issue: z.core.$ZodIssue): number {
  if (issue.code === "unrecognized_keys" || issue.code === "invalid_union") return 100;
  if (issue.input === undefined) return 131008;
  return issue.code === "invalid_type" || issue.code === "too_big" ? 100 : 131009;
}

/** What the contact sees of a message. */
export function visibleText(request: MessageRequest): string {
  switch (request.type) {
    case "text":
      return request.text.body;
    case "interactive":
      return request.interactive.body.text;
    case "template":
      return request.template.name;
    case "reaction":
      return request.reaction.emoji;
    case "image":
      return request.image.caption ?? request.image.link;
    case "document":
      return request.document.caption ?? request.document.link;
    case "audio":
      return request.audio.link;
    case "video":
      return request.video.caption ?? request.video.link;
  }
}
