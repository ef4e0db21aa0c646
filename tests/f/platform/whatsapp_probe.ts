import {
  type OutgoingText,
  type WhatsAppNumber,
  whatsAppOf,
} from "../../../f/platform/whatsapp.ts";

/** Sends some messages one after the other, in a process of its own: Windmill's Bun has another fetch than Node. */
const [number, messages] = JSON.parse(process.argv[2] ?? "") as [WhatsAppNumber, OutgoingText[]];
const whatsApp = whatsAppOf(number);
const outcomes: string[] = [];
for (const message of messages) {
  outcomes.push(
    await whatsApp.sendText(message).then(
      () => "accepted",
      (error: Error) => error.name,
    ),
  );
}
console.log(JSON.stringify(outcomes));
