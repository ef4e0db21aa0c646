import type { Express } from "express";
import { type Html, html } from "../html.ts";
import type { WindmillContext } from "./context.ts";
import { notFound } from "./http_error.ts";
import { durationMs, isFlowJob, type Job } from "./jobs/job.ts";
import type { JobStore } from "./jobs/job_store.ts";
import type { Json } from "./json.ts";
import { page } from "./page_frame.ts";

const RUNS_SHOWN = 100;

/** Windmill's run pages, for a person at the demo: what ran, with what, and what came out. */
export function installPages(app: Express, { jobs }: WindmillContext): void {
  app.get(["/", "/runs"], (_request, response) => {
    const roots = jobs.store.all().filter((job) => !job.isFlowStep);
    const shown = roots.slice(-RUNS_SHOWN).reverse();
    response.send(page("Runs", runList(shown)).markup);
  });
  app.get("/runs/:id", (request, response) => {
    const job = jobs.store.get(request.params.id);
    if (job === undefined) throw notFound(`there is no run ${request.params.id}`);
    response.send(page(job.path, runDetails(job, jobs.store)).markup);
  });
}

function runList(jobs: Job[]): Html {
  if (jobs.length === 0) return html`<p class="quiet">Nothing has run yet.</p>`;
  const rows = jobs.map(
    (job) => html`<tr>
      <td>${badge(job)}</td>
      <td><a href="/runs/${job.id}">${job.path}</a></td>
      <td class="quiet">${job.kind}</td>
      <td class="number">${duration(job)}</td>
      <td class="quiet">${timeOf(job.startedAt ?? job.scheduledFor)}</td>
    </tr>`,
  );
  return html`<table>
    <thead><tr><th>State</th><th>Path</th><th>Kind</th><th class="number">Took</th><th>Started</th></tr></thead>
    <tbody>${rows}</tbody>
  </table>`;
}

function runDetails(job: Job, store: JobStore): Html {
  const parent =
    job.parentJob && html`<p><a href="/runs/${job.parentJob}">↑ the run around it</a></p>`;
  return html`<p>${badge(job)} ${job.kind} · ${duration(job)} · ${timeOf(job.startedAt ?? job.scheduledFor)}
    <span class="quiet">${job.id}</span></p>
    ${parent}
    ${isFlowJob(job) ? html`<h2>Steps</h2>${stepTree(job, store)}` : undefined}
    ${section("Input", json(job.args))}
    ${job.result === undefined ? undefined : section("Result", json(job.result))}
    ${section("Log", store.log(job.id))}`;
}

function stepTree(job: Job, store: JobStore): Html {
  const steps = store.children(job.id).map(
    (child) => html`<li>
      <details>
        <summary>${badge(child)} <b>${child.stepId ?? child.path}</b>
          <span class="quiet">${child.path}</span>
          <span class="number">${duration(child)}</span></summary>
        <p><a href="/runs/${child.id}">open</a></p>
        ${section("Input", json(child.args))}
        ${child.result === undefined ? undefined : section("Result", json(child.result))}
        ${section("Log", store.log(child.id))}
      </details>
      ${stepTree(child, store)}
    </li>`,
  );
  return steps.length === 0 ? html`` : html`<ul class="steps">${steps}</ul>`;
}

function section(title: string, content: string): Html | undefined {
  return content === "" ? undefined : html`<h3>${title}</h3><pre>${content}</pre>`;
}

function badge({ state }: Job): Html {
  return html`<span class="badge ${state}">${state}</span>`;
}

function duration(job: Job): string {
  const ms = durationMs(job, new Date());
  if (ms === undefined) return "–";
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function timeOf(iso: string): string {
  return iso.replace("T", " ").slice(0, 19);
}

function json(value: Json): string {
  return JSON.stringify(value, null, 2);
}
