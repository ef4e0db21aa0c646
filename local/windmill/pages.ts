import type { Express } from "express";
import type { WindmillContext } from "./context.ts";

export function installPages(app: Express, _context: WindmillContext): void {
  app.get("/runs", (_request, response) => {
    response.send("runs");
  });
}
