import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface StartedRun {
  jobId: string;
  webhookEventId: number;
  /** null: at once. */
  scheduledFor: string | null;
}

export interface WindmillRuns {
  url: string;
  /** In the order in which they were accepted. */
  runs: StartedRun[];
  /** Starts that were refused because their job id had been used. */
  refusedAsRepeated: string[];
  /** What else came and was refused: a mistake of ours. */
  mistakes: string[];
  close(): Promise<void>;
}

export const WINDMILL_TOKEN = "token-of-the-ingress";

const RUN = "/api/w/chatbots/jobs/run/f/f/chat/whatsapp_webhook_processor";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The one route of Windmill that the ingress uses, as strict as Windmill is; it runs nothing. */
export async function startWindmillRuns(): Promise<WindmillRuns> {
  const runs: StartedRun[] = [];
  const refusedAsRepeated: string[] = [];
  const mistakes: string[] = [];

  const answerRun = async (request: IncomingMessage, url: URL): Promise<[number, string]> => {
    const mistake = await mistakeOf(request, url);
    if (mistake !== null) {
      mistakes.push(mistake);
      return [400, `Bad request: ${mistake}`];
    }
    const jobId = url.searchParams.get("job_id") ?? "";
    if (runs.some((run) => run.jobId === jobId)) {
      refusedAsRepeated.push(jobId);
      return [400, `Bad request: Job with id ${jobId} already exists`];
    }
    const body = JSON.parse(await textOf(request)) as { webhook_event_id: number };
    const scheduledFor = url.searchParams.get("scheduled_for");
    runs.push({ jobId, webhookEventId: body.webhook_event_id, scheduledFor });
    return [201, jobId];
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://windmill");
    const [status, text] =
      url.pathname === "/api/version" ? [200, "CE v1.819.0"] : await answerRun(request, url);
    response.writeHead(status, { "content-type": "text/plain" }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    runs,
    refusedAsRepeated,
    mistakes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function mistakeOf(request: IncomingMessage, url: URL): Promise<string | null> {
  const unknown = [...url.searchParams.keys()].filter(
    (name) => name !== "job_id" && name !== "scheduled_for",
  );
  const scheduledFor = url.searchParams.get("scheduled_for");
  if (request.method !== "POST" || url.pathname !== RUN) return `no route ${url.pathname}`;
  if (request.headers.authorization !== `Bearer ${WINDMILL_TOKEN}`) return "wrong token";
  if (request.headers["content-type"] !== "application/json") return "no JSON";
  if (unknown.length > 0) return `unknown parameter ${unknown.join()}`;
  if (!UUID.test(url.searchParams.get("job_id") ?? "")) return "job_id is no uuid";
  if (scheduledFor !== null && Number.isNaN(Date.parse(scheduledFor))) return "scheduled_for";
  return null;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
