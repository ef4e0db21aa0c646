import { MAX_FILE_BYTES } from "../../f/knowledge/upload_request.ts";
import { type Html, html } from "../html.ts";
import { UPLOAD_EXTENSIONS } from "./file_type_of_upload.ts";
import { timeOf } from "./time_of.ts";
import type { FlowRun, KnowledgeSource, PhoneChatbot } from "./types.ts";

const ACCEPTED = UPLOAD_EXTENSIONS.join(",");
const OPENING_CHARACTERS = 30;

/** What happens behind the phone: what the chatbot knows, and its flow runs. */
export function renderPanel({ displayName }: PhoneChatbot): Html {
  return html`<aside class="behind">
<h2>Knowledge</h2>
<label class="upload"><input type="file" id="file" accept="${ACCEPTED}" data-max-bytes="${MAX_FILE_BYTES}"><span>Upload a document for ${displayName}<small>PDF, Word, text, Markdown, HTML or CSV, up to 10 MB</small></span></label>
<p class="problem" id="not-uploaded" role="alert"></p>
<ul class="knowledge" id="knowledge"></ul>
<h2>Flow runs</h2>
<ul class="runs" id="runs"></ul>
<p class="problem" id="not-refreshed" role="alert"></p>
</aside>`;
}

export function renderKnowledge(sources: readonly KnowledgeSource[]): Html {
  if (sources.length === 0) return html`<li class="none">Nothing yet: upload a document.</li>`;
  return html`${sources.map(
    ({
      name,
      state,
      status,
      percent,
    }) => html`<li class="${state}"><b>${name}</b> <span>${status}</span>
${percent === undefined ? undefined : html`<progress max="100" value="${percent}"></progress>`}</li>`,
  )}`;
}

export function renderRuns(runs: readonly FlowRun[], windmillUrl: string): Html {
  if (runs.length === 0) return html`<li class="none">None yet: write a message.</li>`;
  return html`${runs.map(
    (run) =>
      html`<li class="${run.status}"><a href="${windmillUrl}/runs/${encodeURIComponent(run.jobId)}" target="_blank" rel="noreferrer">${timeOf(run.startedAt)}</a> <span>${run.status}</span> <q>${firstWords(run.opening)}</q></li>`,
  )}`;
}

function firstWords(text: string): string {
  const characters = [...text];
  if (characters.length <= OPENING_CHARACTERS) return text;
  return `${characters.slice(0, OPENING_CHARACTERS).join("").trimEnd()}…`;
}
