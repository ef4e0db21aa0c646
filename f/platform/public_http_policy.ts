import * as wmill from "windmill-client";
import type { PublicHttpPolicy } from "./public_http.ts";

/**
 * The installation's policy, from two variables that need not exist, each a list with commas:
 * f/platform/allowed_private_origins (`host:port`) and f/platform/own_networks (CIDR).
 */
export async function readPublicHttpPolicy(): Promise<PublicHttpPolicy> {
  const [allowedPrivateOrigins, ownNetworks] = await Promise.all([
    readList("f/platform/allowed_private_origins"),
    readList("f/platform/own_networks"),
  ]);
  return { allowedPrivateOrigins, ownNetworks };
}

/** Not wmill.getVariable: that throws the same for a variable that does not exist and for a Windmill that is away. */
async function readList(path: string): Promise<string[]> {
  const workspace = process.env.WM_WORKSPACE ?? "";
  try {
    const value = await wmill.VariableService.getVariableValue({ workspace, path });
    return value
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  } catch (error) {
    if (error instanceof wmill.ApiError && error.status === 404) return [];
    throw error;
  }
}
