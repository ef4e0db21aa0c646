import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { loggedError } from "../../webhook-server/log.ts";

describe("loggedError", () => {
  it("says nothing of the row that PostgreSQL refused", () => {
    const refused = new DatabaseError('invalid input: "my card is 4111"', 0, "error");
    refused.code = "22P02";
    refused.detail = "Failing row contains (my card is 4111).";
    const logged = loggedError(new Error("The inbox could not record events.", { cause: refused }));
    expect(JSON.stringify(logged)).not.toContain("4111");
    expect(logged).toMatchObject({ cause: { type: "DatabaseError", code: "22P02" } }); // control
  });

  it("keeps the code of a network error", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    expect(loggedError(error)).toMatchObject({ code: "ECONNREFUSED", type: "Error" });
  });
});
