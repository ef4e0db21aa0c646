import type { Express } from "express";

/** Whatever name is asked for is answered by the same offline model; listed are those that the demo uses. */
const NAMES = ["offline-1", "text-embedding-3-small"];

/** GET /v1/models, without the time at which each was made. */
export function installModelList(app: Express): void {
  app.get("/v1/models", (_req, res) => {
    const data = NAMES.map((id) => ({ id, object: "model", created: 0, owned_by: "local" }));
    res.json({ object: "list", data });
  });
}
