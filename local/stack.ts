import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeLog } from "../webhook-server/log.ts";
import { startIngress } from "../webhook-server/start_ingress.ts";
import { type Installation, openInstallation } from "./installation.ts";
import type { ModelProvider } from "./model_provider.ts";
import { type ModelsStandIn, startModels } from "./models/start_models.ts";
import {
  type MigratedPostgres,
  startMigratedPostgres,
} from "./postgres/start_migrated_postgres.ts";
import { type AdminDatabase, openAdminDatabase } from "./query.ts";
import { type Shop, seedShop } from "./shop.ts";
import { type SlackStandIn, startSlack } from "./slack/start_slack.ts";
import { startWhatsApp, type WhatsAppStandIn } from "./whatsapp/start_whatsapp.ts";
import type { StatusDeliveries } from "./whatsapp/traffic.ts";
import { type LocalWindmill, startWindmill } from "./windmill/start_windmill.ts";
import { workspaceValues } from "./workspace.ts";

const REPOSITORY_ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface StackPorts {
  windmill: number;
  ingress: number;
  whatsapp: number;
  models: number;
  slack: number;
  postgres: number;
}

/** Every part on a port that happens to be free. */
export const FREE_PORTS: StackPorts = {
  windmill: 0,
  ingress: 0,
  whatsapp: 0,
  models: 0,
  slack: 0,
  postgres: 0,
};

export interface StackOptions {
  /** Holds all state; the same folder brings the same installation back. */
  dataDir: string;
  ports: StackPorts;
  provider: ModelProvider;
  /** `host:port` of the pages on this machine that may become knowledge. */
  allowedPrivateOrigins?: string[];
  /** Kept for the next stack; in the data dir unless given. */
  bundlesDir?: string | undefined;
  /** Of the ingress; pino's levels. */
  logLevel?: string;
  /** How late and how often each of WhatsApp's status webhooks comes. */
  statusDeliveries?: StatusDeliveries;
  /** The embedded PostgreSQL unless given. The stack closes it. */
  openDatabase?: () => Promise<StackDatabase>;
}

/** A migrated database. */
export type StackDatabase = Omit<MigratedPostgres, "port">;

/** The whole platform on this machine, with a shop that has one chatbot. */
export interface Stack {
  admin: AdminDatabase;
  databaseUrl: string;
  installation: Installation;
  ingressUrl: string;
  models: ModelsStandIn;
  shop: Shop;
  slack: SlackStandIn;
  whatsapp: WhatsAppStandIn;
  windmill: LocalWindmill;
  close(): Promise<void>;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  // Closed in reverse: what sends goes before what receives.
  const closers: (() => Promise<void>)[] = [];
  const opened = <Part>(part: Part, close: (part: Part) => Promise<void>): Part => {
    closers.unshift(() => close(part));
    return part;
  };
  const close = async () => {
    for (const closer of closers.splice(0)) await closer();
  };
  try {
    return { ...(await startParts(options, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  options: StackOptions,
  opened: <Part>(part: Part, close: (part: Part) => Promise<void>) => Part,
): Promise<Omit<Stack, "close">> {
  const { dataDir, ports, provider, bundlesDir } = options;
  const installation = openInstallation(dataDir);
  const postgres = opened(await openDatabase(options), (part) => part.close());
  const admin = opened(openAdminDatabase(postgres.url), (part) => part.close());
  const shop = await seedShop(postgres.url, installation);
  const slack = opened(await startSlack({ port: ports.slack }), (part) => part.stop());
  const models = opened(
    await startModels({ port: ports.models, apiKey: provider.apiKey }),
    (part) => part.stop(),
  );
  const whatsapp = opened(
    await startWhatsApp({
      port: ports.whatsapp,
      appSecret: installation.metaAppSecret,
      verifyToken: installation.metaVerifyToken,
      phoneNumbers: [shop.phoneNumber],
      dataDir: join(dataDir, "whatsapp"),
      ...(options.statusDeliveries && { statusDeliveries: options.statusDeliveries }),
    }),
    (part) => part.stop(),
  );
  const windmill = opened(
    await startWindmill({
      dataDir: join(dataDir, "windmill"),
      bundlesDir,
      repositoryRoot: REPOSITORY_ROOT,
      workspace: "chatbots",
      token: installation.windmillToken,
      ingressToken: installation.ingressWindmillToken,
      port: ports.windmill,
      ...workspaceValues({
        installation,
        database: postgres.resource("chatbot_app"),
        models: { ...provider, baseUrl: provider.baseUrl ?? models.baseUrl },
        graphUrl: whatsapp.url,
        slackWebhookUrl: slack.webhookUrl,
        allowedPrivateOrigins: options.allowedPrivateOrigins ?? [],
      }),
    }),
    (part) => part.close(),
  );
  const ingress = opened(
    await startIngress(
      {
        host: "127.0.0.1",
        port: ports.ingress,
        trustedProxyHops: 0,
        appSecrets: [installation.metaAppSecret],
        verifyToken: installation.metaVerifyToken,
        databaseUrl: postgres.connectionString("chatbot_ingress"),
        windmill: {
          baseUrl: windmill.baseUrl,
          workspace: windmill.workspace,
          token: installation.ingressWindmillToken,
        },
        logLevel: options.logLevel ?? "error",
      },
      makeLog(options.logLevel ?? "error"),
    ),
    (part) => part.close(),
  );
  await whatsapp.setWebhookUrl(`${ingress.url}/webhook`);
  // what deploying does; otherwise the first message would wait for it
  await windmill.bundleScripts();
  return {
    admin,
    databaseUrl: postgres.url,
    installation,
    ingressUrl: ingress.url,
    models,
    shop,
    slack,
    whatsapp,
    windmill,
  };
}

/** The caller's, or the embedded one. */
function openDatabase(options: StackOptions): Promise<StackDatabase> {
  if (options.openDatabase) return options.openDatabase();
  const dataDir = join(options.dataDir, "postgres");
  return startMigratedPostgres({ dataDir, port: options.ports.postgres });
}
