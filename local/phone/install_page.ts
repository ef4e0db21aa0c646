import { fileURLToPath } from "node:url";
import express, { type Express } from "express";
import { renderKnowledge, renderRuns } from "./panel.ts";
import type { PhoneDeps } from "./phone_deps.ts";
import { allKnowledge } from "./uploads.ts";
import { renderPage } from "./views.ts";

const PUBLIC = fileURLToPath(new URL("./public", import.meta.url));

/** Nothing from a message may run as code, even if the escaping had a hole. */
export function installPolicy(app: Express): void {
  app.use((_req, res, next) => {
    res.set({
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'",
      "x-content-type-options": "nosniff",
    });
    next();
  });
}

export function installAssets(app: Express): void {
  app.use(express.static(PUBLIC));
}

export function installPage(app: Express, deps: PhoneDeps): void {
  app.get("/", (req, res) => {
    const current = deps.select(req);
    const page = renderPage({
      current,
      contacts: deps.contacts,
      chats: deps.chatbots.map((chatbot) => ({
        chatbot,
        last: deps.whatsapp.conversation(chatbot.phoneNumberId, current.contact).at(-1),
      })),
      messages: deps.whatsapp.conversation(current.chatbot.phoneNumberId, current.contact),
      exampleQuestions: deps.exampleQuestions,
    });
    res.set("cache-control", "no-store").type("html").send(page.markup);
  });
}

export function installEvents(app: Express, deps: PhoneDeps): void {
  app.get("/events", (req, res) => deps.streams.add(res, deps.select(req)));
}

export function installKnowledge(app: Express, deps: PhoneDeps): void {
  app.get("/knowledge", async (req, res) => {
    const { chatbot } = deps.select(req);
    const sources = await deps.sourcesOf(chatbot);
    const knowledge = allKnowledge(deps.uploads.of(chatbot.chatbotId), sources);
    res.type("html").send(renderKnowledge(knowledge).markup);
  });
}

export function installRuns(app: Express, deps: PhoneDeps): void {
  app.get("/runs", async (req, res) => {
    const runs = await deps.runsOf(deps.select(req));
    res.type("html").send(renderRuns(runs, deps.windmillUrl).markup);
  });
}
