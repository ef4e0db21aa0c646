import { expect, it } from "vitest";
import { waitForPostgres } from "../../deploy/wait_until_up.ts";

it("says while it waits why nobody answers, which a typo in the port would be, too", async () => {
  const told: string[] = [];
  // no time at all: the first refusal comes after the deadline on every machine
  const patience = { seconds: 0, tell: (line: string) => told.push(line) };
  await expect(waitForPostgres("postgresql://nobody@127.0.0.1:1/none", patience)).rejects.toThrow(
    /^PostgreSQL at 127\.0\.0\.1:1 is not up after 0 s: .*ECONNREFUSED/,
  );
  expect(told).toEqual([
    expect.stringMatching(/^waiting .*ECONNREFUSED.*; Ctrl-C if the address is wrong/),
  ]);
});
