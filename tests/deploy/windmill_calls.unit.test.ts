import { createServer, type RequestListener } from "node:http";
import { afterEach, expect, it, vi } from "vitest";
import { windmillApi } from "../../deploy/windmill/windmill_api.ts";

let close: () => Promise<void>;
afterEach(async () => {
  vi.restoreAllMocks();
  await close();
});

/** Something that stands at Windmill's address. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

const folders = (count: number) => JSON.stringify(Array(count).fill("a".repeat(1_000)));

it("reads no more of an answer than a Windmill has to say", async () => {
  let count = 5_000;
  const url = await answering((_request, response) => response.end(folders(count)));
  const api = windmillApi(url, "chatbots", "token");
  await expect(api.folderNames()).rejects.toThrow(
    /^Windmill at \S+ gave no answer to GET \/api\/w\/chatbots\/folders\/listnames: \S+ answered with more than 4194304 bytes\.$/,
  );
  count = 1_000;
  expect(await api.folderNames()).toHaveLength(1_000); // control
});

it("waits for no answer for ever", async () => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const limits: number[] = [];
  vi.spyOn(AbortSignal, "timeout").mockImplementation((limit) => {
    limits.push(limit);
    return timeout(1);
  });
  const url = await answering(() => undefined);
  await expect(windmillApi(url, "chatbots").version()).rejects.toThrow(
    /gave no answer to GET \/api\/version: The operation was aborted due to timeout$/,
  );
  expect(limits).toHaveLength(1);
  expect(limits[0]).toBeLessThanOrEqual(30_000);
});

it("takes its token to no other address", async () => {
  const asked: (string | undefined)[] = [];
  const url = await answering((request, response) => {
    asked.push(request.url);
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await expect(windmillApi(url, "chatbots", "token").whoAmI()).rejects.toThrow("gave no answer");
  expect(asked).toEqual(["/api/users/whoami"]);
});
