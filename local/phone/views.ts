import { type Html, html } from "../html.ts";
import type { ContactInput, Message, MessageStatus } from "../whatsapp/types.ts";
import { addressOf, contactKey, nameOf } from "./selection.ts";
import type { Conversation, FlowRun, PhoneChatbot } from "./types.ts";
import type { Upload } from "./uploads.ts";
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
  uploads: readonly Upload[];
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
<ol class="messages" id="messages" aria-live="polite">${messages.map(renderBubble)}</ol>
<form class="composer" id="composer">
<textarea name="text" rows="1" placeholder="Type a message" aria-label="Message" maxlength="4096" autofocus></textarea>
<button aria-label="Send">➤</button>
</form>
</main>
<aside class="behind">
<h2>Knowledge</h2>
<label class="upload"><input type="file" id="file"><span>Upload a document for ${current.chatbot.displayName}</span></label>
<ul class="uploads" id="uploads">${renderUploads(parts.uploads)}</ul>
<h2>Flow runs</h2>
<ul class="runs" id="runs"></ul>
<p class="problem" id="problem" role="alert"></p>
</aside>
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

export function renderUploads(uploads: readonly Upload[]): Html {
  return html`${uploads.map(
    (upload) => html`<li class="${upload.state}"><b>${upload.name}</b> <span>${upload.status}</span>
${upload.percent === undefined ? undefined : html`<progress max="100" value="${upload.percent}"></progress>`}</li>`,
  )}`;
}

export function renderRuns(runs: readonly FlowRun[], windmillUrl: string): Html {
  if (runs.length === 0) return html`<li class="none">None yet: write a message.</li>`;
  return html`${runs.map(
    (run) =>
      html`<li class="${run.status}"><a href="${windmillUrl}/runs/${encodeURIComponent(run.jobId)}" target="_blank" rel="noreferrer">${timeOf(run.startedAt)}</a> <span>${run.status}</span></li>`,
  )}`;
}

function initial(name: string): string {
  return [...name][0] ?? "?";
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
