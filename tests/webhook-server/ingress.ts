import { makeLog } from "../../webhook-server/log.ts";
import { startIngress } from "../../webhook-server/start_ingress.ts";
import type { TestDatabase } from "../helpers/database.ts";
import { asMetaSends, signatureOf } from "../helpers/meta_webhooks.ts";
import { startTcpGate, type TcpGate } from "../helpers/tcp_gate.ts";
import { startWindmillRuns, WINDMILL_TOKEN, type WindmillRuns } from "../helpers/windmill_runs.ts";

export const APP_SECRET = "the app secret of the tests";
export const PREVIOUS_APP_SECRET = "the app secret before it";
export const VERIFY_TOKEN = "the verify token of the tests";

export interface TestIngress {
  url: string;
  windmill: WindmillRuns;
  /** Between the ingress and its database. */
  databaseGate: TcpGate;
  /** Between the ingress and Windmill. */
  windmillGate: TcpGate;
  /** POSTs a webhook as Meta does: escaped, and signed unless a header says otherwise. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Stops the ingress as a signal does; a second call waits for the first. */
  close(): Promise<void>;
}

/** The real ingress on a free port, before a database of its own and a stand-in for Windmill. */
export async function startTestIngress(database: TestDatabase): Promise<TestIngress> {
  const databaseUrl = new URL(database.connectionString("chatbot_ingress"));
  const databaseGate = await startTcpGate(databaseUrl.hostname, Number(databaseUrl.port));
  databaseUrl.hostname = "127.0.0.1";
  databaseUrl.port = String(databaseGate.port);

  const windmill = await startWindmillRuns();
  const windmillGate = await startTcpGate("127.0.0.1", Number(new URL(windmill.url).port));

  const ingress = await startIngress(
    {
      host: "127.0.0.1",
      port: 0,
      trustedProxyHops: 0,
      appSecrets: [APP_SECRET, PREVIOUS_APP_SECRET],
      verifyToken: VERIFY_TOKEN,
      databaseUrl: databaseUrl.href,
      windmill: {
        baseUrl: `http://127.0.0.1:${windmillGate.port}`,
        workspace: "chatbots",
        token: WINDMILL_TOKEN,
      },
      logLevel: "silent",
    },
    makeLog("silent"),
  );
  let closed: Promise<void> | undefined;
  const close = async () => {
    await ingress.close();
    await Promise.all([databaseGate.close(), windmillGate.close(), windmill.close()]);
  };
  return {
    url: ingress.url,
    windmill,
    databaseGate,
    windmillGate,
    post: (body, headers = {}) => post(ingress.url, body, headers),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

function post(url: string, body: unknown, headers: Record<string, string>): Promise<Response> {
  const bytes = Buffer.isBuffer(body) ? body : asMetaSends(body);
  return fetch(`${url}/webhook`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-hub-signature-256": signatureOf(APP_SECRET, bytes),
      ...headers,
    },
    body: new Uint8Array(bytes),
  });
}
