import { beforeEach, describe, expect, it, vi } from "vitest";
import { readPublicHttpPolicy } from "../../../f/platform/public_http_policy.ts";

const windmill = vi.hoisted(() => {
  class ApiError extends Error {
    readonly status: number;
    constructor(status: number) {
      super(`Windmill answered ${status}`);
      this.status = status;
    }
  }
  return { ApiError, getVariableValue: vi.fn<(of: { path: string }) => Promise<string>>() };
});
vi.mock("windmill-client", () => ({
  ApiError: windmill.ApiError,
  VariableService: { getVariableValue: windmill.getVariableValue },
}));

describe("readPublicHttpPolicy", () => {
  const variables = (values: Record<string, string>) =>
    windmill.getVariableValue.mockImplementation(async ({ path }) => {
      const value = values[path];
      if (value === undefined) throw new windmill.ApiError(404);
      return value;
    });
  beforeEach(() => {
    windmill.getVariableValue.mockReset();
  });

  it("allows nothing private where the installation says nothing", async () => {
    variables({});
    expect(await readPublicHttpPolicy()).toEqual({ allowedPrivateOrigins: [], ownNetworks: [] });
    variables({ "f/platform/allowed_private_origins": "" });
    expect((await readPublicHttpPolicy()).allowedPrivateOrigins).toEqual([]);
  });

  it("reads lists with commas", async () => {
    variables({
      "f/platform/allowed_private_origins": "127.0.0.1:3017, wiki.internal:8080",
      "f/platform/own_networks": "203.0.113.0/24",
    });
    expect(await readPublicHttpPolicy()).toEqual({
      allowedPrivateOrigins: ["127.0.0.1:3017", "wiki.internal:8080"],
      ownNetworks: ["203.0.113.0/24"],
    });
  });

  it("does not take a Windmill that is away for one that says nothing", async () => {
    windmill.getVariableValue.mockRejectedValue(new windmill.ApiError(500));
    await expect(readPublicHttpPolicy()).rejects.toThrow("500");
  });
});
