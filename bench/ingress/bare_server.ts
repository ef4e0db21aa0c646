/** The least that a webhook can be: one check of the HMAC, one INSERT, 200. What the ingress is measured against. */

import { createHmac, timingSafeEqual } from "node:crypto";
import express from "express";
import pg from "pg";

const { PORT, DATABASE_URL = "", APP_SECRET = "" } = process.env;
// as many connections as the ingress has
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });

const app = express();
app.get("/healthz", (_request, response) => {
  response.sendStatus(200);
});
app.post("/webhook", express.raw({ type: () => true, limit: "4mb" }), async (request, response) => {
  const body: Buffer = request.body;
  const signature = createHmac("sha256", APP_SECRET).update(body).digest("hex");
  const expected = Buffer.from(`sha256=${signature}`);
  const given = Buffer.from(request.get("x-hub-signature-256") ?? "");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    response.sendStatus(401);
    return;
  }
  await pool.query("insert into bare_webhooks (body) values ($1)", [body.toString("utf8")]);
  response.sendStatus(200);
});
app.listen(Number(PORT), "127.0.0.1");
