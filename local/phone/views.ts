import { type Html, html } from "../html.ts";
import type { ContactInput, Message, MessageStatus } from "../whatsapp/types.ts";
import { renderPanel } from "./panel.ts";
import { addressOf, contactKey, nameOf } from "./selection.ts";
import { timeOf } from "./time_of.ts";
import type { Conversation, PhoneChatbot } from "./types.ts";
import { renderWhatsAppText } from "./whatsapp_markup.ts";

const TICKS: Record<MessageStatus, string> = {
  accepted: "🕓",
  sent: "✓",
  delivered: "✓✓",
  read: "✓✓",
  failed: "⚠",
};

/** A chat in the list at the left: another number that the contact can write to. */
export interface ChatPreview {
  chatbot: PhoneChatbot;
  last: Message | undefined;
}

export interface PageParts {
  current: Conversation;
  contacts: readonly ContactInput[];
  chats: readonly ChatPreview[];
  messages: readonly Message[];
  exampleQuestions: readonly string[];
}

export function renderPage(parts: PageParts): Html {
  const { current, messages } = parts;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${current.chatbot.displayName} · WhatsApp phone</title>
<link rel="stylesheet" href="/phone.css">
<link rel="icon" href="data:,">
</head>
<body data-conversation="${addressOf(current)}">
<nav class="chats">${renderContacts(parts)}${parts.chats.map((chat) => renderChat(chat, current))}</nav>
<main class="conversation">
<header><span class="avatar">${initial(current.chatbot.displayName)}</span>
<div><h1>${current.chatbot.displayName}</h1><p class="presence" id="presence">online</p></div></header>
<ol class="messages" id="messages" aria-live="polite">${renderExamples(parts)}${messages.map(renderBubble)}</ol>
<form class="composer" id="composer">
<textarea name="text" rows="1" placeholder="Type a message" aria-label="Message" maxlength="4096" autofocus></textarea>
<button aria-label="Send">➤</button>
<p class="problem" id="not-sent" role="alert"></p>
</form>
</main>
${renderPanel(current.chatbot)}
<script src="/phone.js" type="module"></script>
</body>
</html>`;
}

function renderContacts({ contacts, current }: PageParts): Html {
  const options = contacts.map((contact) => {
    const selected = contactKey(contact) === contactKey(current.contact);
    const address = addressOf({ ...current, contact });
    return selected
      ? html`<option value="${address}" selected>${nameOf(contact)}</option>`
      : html`<option value="${address}">${nameOf(contact)}</option>`;
  });
  return html`<label class="owner">Phone of <select id="contact">${options}</select></label>`;
}

function renderChat({ chatbot, last }: ChatPreview, current: Conversation): Html {
  const here = chatbot.phoneNumberId === current.chatbot.phoneNumberId;
  return html`<a class="chat${here ? " here" : ""}" href="?${addressOf({ ...current, chatbot })}">
<span class="avatar">${initial(chatbot.displayName)}</span>
<span class="preview"><b>${chatbot.displayName}</b><small>${last?.text ?? "No messages yet"}</small></span></a>`;
}

/** A message of either side. The phone is the contact's: what it sent stands at the right. */
export function renderBubble(message: Message): Html {
  const side = message.direction === "from_contact" ? "mine" : "theirs";
  const error = message.errorCode === undefined ? "" : ` ${message.errorCode}`;
  return html`<li class="bubble ${side}" data-wamid="${message.wamid}"><span class="text">${renderWhatsAppText(message.text)}</span>
<span class="meta">${timeOf(message.at)} <span class="ticks ${message.status}" title="${message.status}${error}">${TICKS[message.status]}${error}</span></span></li>`;
}

/** Only shown while nothing else is in the list: a first message may come from either side. */
function renderExamples({ exampleQuestions }: PageParts): Html | undefined {
  if (exampleQuestions.length === 0) return undefined;
  return html`<li class="examples"><span>You could ask:</span>${exampleQuestions.map(
    (question) => html`<button type="button">${question}</button>`,
  )}</li>`;
}

function initial(name: string): string {
  return [...name][0] ?? "?";
}
