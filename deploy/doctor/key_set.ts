import { type KeySet, parseKeySet } from "../../f/platform/secrets.ts";
import type { WindmillApi } from "../windmill/windmill_api.ts";

/** The keys with which the steps open credentials. @throws {KeySetError} */
export async function readKeySet(api: WindmillApi): Promise<KeySet> {
  return parseKeySet((await api.variable("f/platform/credentials_keys"))?.value ?? "");
}
