import express, { type Express } from "express";
import type { Config } from "./config.ts";
import { installErrors } from "./errors.ts";
import { installHealth } from "./health.ts";
import { installMetrics } from "./metrics.ts";
import { installVerification } from "./verification.ts";
import { installWebhook, type WebhookDeps } from "./webhook.ts";

export function makeApp(
  config: Pick<Config, "appSecrets" | "verifyToken" | "trustedProxyHops">,
  deps: WebhookDeps,
): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", config.trustedProxyHops);
  // first: Express asks the routes in this order
  installWebhook(app, config, deps);
  installVerification(app, config);
  installHealth(app, deps);
  installMetrics(app, deps);
  installErrors(app, deps);
  return app;
}
