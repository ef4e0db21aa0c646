import type { Settings } from "../settings.ts";

/** Too short for one, and part of ordinary words. */
const SHORTEST = 6;

/** What no line of the report may hold. */
export function secretsOf({
  windmill,
  database,
  models,
  objectStorage,
  ingress,
  ...rest
}: Settings) {
  const values = [
    windmill.token,
    windmill.adminPassword,
    passwordOf(database.url),
    passwordOf(database.appUrl),
    database.appPassword,
    database.ingressPassword,
    models.openaiApiKey,
    models.googleApiKey,
    rest.slackWebhookUrl,
    objectStorage?.accessKey,
    objectStorage?.secretKey,
    ingress.windmillToken,
    ingress.appSecret,
    ingress.verifyToken,
  ];
  return values.filter((value) => value !== undefined && value.length >= SHORTEST) as string[];
}

function passwordOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : decodeURIComponent(new URL(url).password);
}
