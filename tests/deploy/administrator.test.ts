import { afterAll, beforeAll, expect, it } from "vitest";
import type { SecretStore } from "../../deploy/env_file.ts";
import { administrator } from "../../deploy/units/administrator.ts";
import { WindmillSession } from "../../deploy/windmill/session.ts";
import { windmillApi } from "../../deploy/windmill/windmill_api.ts";
import { startTestWindmill, type TestWindmill } from "../helpers/local_windmill.ts";

const ADMIN = "admin@windmill.dev";

let windmill: TestWindmill;
beforeAll(async () => {
  windmill = await startTestWindmill({ repositoryRoot: ".", schedules: false, isNew: true });
});
afterAll(() => windmill.remove());

const anonymous = () => windmillApi(windmill.baseUrl, windmill.workspace);

/** A deployment that has looked, and has changed nothing yet. */
async function begin() {
  const kept = new Map<string, string>();
  const secrets: SecretStore = { where: ".env", keep: (name, value) => void kept.set(name, value) };
  const settings = {
    ...{ url: windmill.baseUrl, workspace: windmill.workspace },
    ...{ token: undefined, adminPassword: undefined },
  };
  const unit = administrator(new WindmillSession(anonymous()), settings, secrets);
  const items = await unit.compare();
  return {
    kept,
    apply: async () => {
      for (const { difference } of items) await difference?.apply();
    },
  };
}

it("keeps the password that the administrator has, and none that another deployment was faster than", async () => {
  const [first, second] = [await begin(), await begin()];
  await first.apply();
  await second.apply();
  expect([...second.kept.keys()]).toEqual(["WINDMILL_TOKEN"]);
  const password = first.kept.get("WINDMILL_ADMIN_PASSWORD") ?? "";
  expect(await anonymous().login(ADMIN, password)).toMatch(/^\w+$/);
});
