import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { wmillPush } from "../../deploy/wmill.ts";
import { startTestWindmill, type TestWindmill } from "../helpers/local_windmill.ts";
import { smallCheckout } from "./installation.ts";

let root: string;
let windmill: TestWindmill;
const target = (token: string) => ({ url: windmill.baseUrl, workspace: "chatbots", token });

beforeAll(async () => {
  root = smallCheckout();
  windmill = await startTestWindmill({ repositoryRoot: root, schedules: false });
});
afterAll(async () => {
  await windmill.remove();
  rmSync(root, { recursive: true });
});

it("finds nothing to push where Windmill has the checkout", async () => {
  expect(await wmillPush(root).pending(target(windmill.token))).toEqual([]);
});

it("says in its own words why it could not push, without the token", async () => {
  const token = "a-token-of-nobody";
  const refused = wmillPush(root).push(target(token));
  await expect(refused).rejects.toThrow(/^wmill sync push failed \(/);
  await expect(refused).rejects.not.toThrow(token);
});
