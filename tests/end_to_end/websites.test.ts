import { afterAll, beforeAll, expect, it } from "vitest";
import { html, startTestSite, type TestSite } from "../f/knowledge/test_site.ts";
import { eventually } from "../helpers/eventually.ts";
import type { KnowledgeSourceRow } from "../helpers/rows.ts";
import { startTestStack, type TestStack } from "../helpers/test_stack.ts";

let site: TestSite;
let stack: TestStack;
let chatbotId: string;
beforeAll(async () => {
  site = await startTestSite();
  stack = await startTestStack({ allowedPrivateOrigins: [site.host] });
  const [chatbot] = await stack.admin.query<{ id: string }>("select id from chatbots");
  chatbotId = chatbot?.id ?? "";
});
afterAll(async () => {
  await stack.close();
  site.close();
});

async function run<Result>(script: string, args: Record<string, unknown>): Promise<Result> {
  const { baseUrl, workspace, token } = stack.windmill;
  const answer = await fetch(`${baseUrl}/api/w/${workspace}/jobs/run_wait_result/p/${script}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...args, db: "$res:f/platform/postgres" }),
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return JSON.parse(text);
}

const found = async (question: string) =>
  (await run<{ passage: string }[]>("f/knowledge/search", { chatbot_id: chatbotId, question })).map(
    ({ passage }) => passage,
  );

/** The source of this page, once it has been processed as often. */
const processed = (path: string, version: number) =>
  eventually(
    async () => {
      const [source] = await stack.admin.query<KnowledgeSourceRow>(
        "select * from knowledge_sources where url = $1",
        [site.origin + path],
      );
      expect(source).toMatchObject({ status: "ready", live_version: version });
      return source;
    },
    { withinMs: 60_000 },
  );

it("follows a page from the web site it is on to the day it is deleted", async () => {
  site.pages.set("/", html("Aurora", "Welcome to Aurora, the zeppelin school.", ["/fees"]));
  site.pages.set("/fees", html("Fees", "A zeppelin lesson costs 41 crowns."));
  const website = await run<{ taken: { url: string }[] }>("f/knowledge/upload_website", {
    chatbot_id: chatbotId,
    url: `${site.origin}/`,
    max_pages: 5,
  });
  expect(website.taken.map(({ url }) => url)).toEqual([`${site.origin}/`, `${site.origin}/fees`]);
  const source = await processed("/fees", 1);
  await processed("/", 1);
  expect((await found("What does a zeppelin lesson cost?")).join()).toContain("41 crowns");

  site.pages.set("/fees", html("Fees", "A zeppelin lesson costs 57 crowns."));
  await stack.admin.query(
    "update knowledge_sources set processed_at = now() - interval '2 days' where source_type = 'url'",
  );
  expect(await run("f/operations/resync_documents", {})).toMatchObject({
    changed: 1,
    unchanged: 1,
  });
  await processed("/fees", 2);
  const passages = (await found("What does a zeppelin lesson cost?")).join();
  expect(passages).toContain("57 crowns");
  expect(passages).not.toContain("41 crowns");

  const list = await run<{ documents: { id: string }[] }>("f/knowledge/list_documents", {
    chatbot_id: chatbotId,
  });
  expect(list.documents.map(({ id }) => id)).toContain(source?.id);
  await run("f/knowledge/delete_document", { knowledge_source_id: source?.id });
  expect((await found("What does a zeppelin lesson cost?")).join()).not.toContain("crowns");
});

it("removes the file of a document that is deleted", async () => {
  const { knowledge_source_id } = await run<{ knowledge_source_id: string }>(
    "f/knowledge/upload_document",
    {
      chatbot_id: chatbotId,
      source_type: "text",
      name: "Fleet",
      file_content: Buffer.from("We own two zeppelins.").toString("base64"),
    },
  );
  const [source] = await stack.admin.query<KnowledgeSourceRow>(
    "select * from knowledge_sources where id = $1",
    [knowledge_source_id],
  );
  const fileStatus = async () => {
    const { baseUrl, workspace, token } = stack.windmill;
    const url = `${baseUrl}/api/w/${workspace}/job_helpers/download_s3_file?file_key=${source?.s3_key}`;
    return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
  };
  expect(await fileStatus()).toBe(200);
  expect(await run("f/knowledge/delete_document", { knowledge_source_id })).toEqual({
    outcome: "deleted",
  });
  expect(await fileStatus()).toBe(404);
});
