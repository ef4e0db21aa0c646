import { createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { waitForPostgres } from "../../deploy/wait_until_up.ts";

it("says while it waits why nobody answers, which a typo in the port would be, too", async () => {
  const told: string[] = [];
  // no time at all: the first refusal comes after the deadline on every machine
  const patience = {
    seconds: 0,
    attemptMilliseconds: 30_000,
    tell: (line: string) => told.push(line),
  };
  await expect(waitForPostgres("postgresql://nobody@127.0.0.1:1/none", patience)).rejects.toThrow(
    /^PostgreSQL at 127\.0\.0\.1:1 is not up after 0 s: .*ECONNREFUSED/,
  );
  expect(told).toEqual([
    expect.stringMatching(/^waiting .*ECONNREFUSED.*; Ctrl-C if the address is wrong/),
  ]);
});

it("gives up a host that takes what it is sent and never answers", async () => {
  const held: Socket[] = [];
  const silent = createServer((socket) => held.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of held) socket.destroy();
    silent.close();
  });
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : undefined;
  // nothing ever comes, so that no machine is too slow for the limit
  const patience = { seconds: 0, attemptMilliseconds: 20, tell: () => undefined };
  await expect(
    waitForPostgres(`postgresql://nobody@127.0.0.1:${port}/none`, patience),
  ).rejects.toThrow(
    /^PostgreSQL at 127\.0\.0\.1:\d+ is not up after 0 s: .*timeout.* correct DATABASE_URL\.$/,
  );
});
