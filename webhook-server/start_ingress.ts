import type { Logger } from "pino";
import { makeApp } from "./app.ts";
import { makeBackgroundWork } from "./background_work.ts";
import type { Config } from "./config.ts";
import { openInbox } from "./inbox.ts";
import { makeMetrics } from "./metrics.ts";
import { type Serving, serve } from "./serve.ts";
import { makeUnsignedLimiter } from "./unsigned_limiter.ts";
import { connectWindmill } from "./windmill.ts";

/**
 * The whole ingress. It starts although the database or Windmill is away: `/readyz` says so, and
 * Meta redelivers until they are back.
 */
export async function startIngress(config: Config, log: Logger): Promise<Serving> {
  const inbox = openInbox(config.databaseUrl, log);
  const background = makeBackgroundWork();
  const windmill = connectWindmill(config.windmill);
  const app = makeApp(config, {
    inbox,
    windmill,
    metrics: makeMetrics(inbox),
    limiter: makeUnsignedLimiter(),
    background,
    log,
  });
  const serving = await serve(app, config.host, config.port);
  return {
    url: serving.url,
    async close() {
      await serving.close();
      await background.settled();
      await windmill.close();
      await inbox.close();
    },
  };
}
