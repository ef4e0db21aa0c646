import express from "express";
import { listen } from "../listen.ts";
import type { Message } from "../whatsapp/types.ts";
import { EventStreams, isConversation } from "./event_streams.ts";
import { installDocuments, installErrors, installMessages } from "./install_actions.ts";
import {
  installAssets,
  installEvents,
  installKnowledge,
  installPage,
  installPolicy,
  installRuns,
} from "./install_page.ts";
import type { PhoneDeps, PhoneOptions } from "./phone_deps.ts";
import { makeSelect } from "./selection.ts";
import { Uploads } from "./uploads.ts";
import { renderBubble } from "./views.ts";

export type { PhoneOptions } from "./phone_deps.ts";

export interface PhonePage {
  url: string;
  stop(): Promise<void>;
}

/** The page of `npm run dev`: a contact's phone, with what happens behind it at its side. */
export async function startPhone(options: PhoneOptions): Promise<PhonePage> {
  const streams = new EventStreams();
  const uploads = new Uploads(options.uploadDocument, (chatbotId) =>
    streams.send(({ chatbot }) => chatbot.chatbotId === chatbotId, "knowledge", {}),
  );
  const select = makeSelect(options.chatbots, options.contacts);
  const deps: PhoneDeps = { ...options, streams, uploads, select };
  const app = express().disable("x-powered-by");
  installPolicy(app);
  installAssets(app);
  installPage(app, deps);
  installEvents(app, deps);
  installMessages(app, deps);
  installDocuments(app, deps);
  installKnowledge(app, deps);
  installRuns(app, deps);
  installErrors(app);
  const forwarding = forwardTraffic(deps);
  const server = await listen(app, options.port);
  return {
    url: server.url,
    stop: async () => {
      for (const end of forwarding) end();
      await server.close();
    },
  };
}

/** What happens in WhatsApp, to the pages that show that conversation. */
function forwardTraffic({ whatsapp, streams }: PhoneDeps): (() => void)[] {
  const show = (message: Message) =>
    streams.send(isConversation(message.phoneNumberId, message.contact.userId), "message", {
      wamid: message.wamid,
      direction: message.direction,
      html: renderBubble(message).markup,
    });
  return [
    whatsapp.onMessage(show),
    whatsapp.onStatus(show),
    whatsapp.onTyping(({ phoneNumberId, contact, until }) =>
      streams.send(isConversation(phoneNumberId, contact.userId), "typing", { until }),
    ),
  ];
}
