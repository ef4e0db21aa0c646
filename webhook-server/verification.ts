import type { Express } from "express";
import type { Config } from "./config.ts";
import { isSameSecret } from "./signature.ts";

/** Meta's handshake, once whenever somebody saves the webhook's address in the app's dashboard. */
export function installVerification(app: Express, config: Pick<Config, "verifyToken">): void {
  app.get("/webhook", (request, response) => {
    // the plain query parser keeps the dots in the names
    const mode = request.query["hub.mode"];
    const token = request.query["hub.verify_token"];
    const challenge = request.query["hub.challenge"];
    const isMeta =
      mode === "subscribe" &&
      typeof token === "string" &&
      typeof challenge === "string" &&
      isSameSecret(config.verifyToken, token);
    // as text: a challenge that is sent back as HTML would be a script on our origin
    response.set("X-Content-Type-Options", "nosniff").type("text/plain");
    if (isMeta) response.send(challenge);
    else response.status(403).send("The verify token does not match META_VERIFY_TOKEN.\n");
  });
}
