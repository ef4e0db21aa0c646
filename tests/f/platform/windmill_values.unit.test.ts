import { beforeEach, expect, it, vi } from "vitest";
import * as wmill from "windmill-client";
import { readProvider, UnknownProviderError } from "../../../f/platform/provider.ts";
import { readWhatsApp } from "../../../f/platform/whatsapp_numbers.ts";
import {
  readResource,
  readVariable,
  WindmillUnavailableError,
} from "../../../f/platform/windmill_values.ts";

vi.mock("windmill-client");
beforeEach(() => vi.resetAllMocks());

it("hands out what Windmill has", async () => {
  vi.mocked(wmill.getVariable).mockResolvedValue("gpt");
  vi.mocked(wmill.getResource).mockResolvedValue({ base_url: "https://graph.example" });
  expect(await readVariable("f/platform/chat_model")).toBe("gpt");
  expect(await readResource("f/platform/api")).toEqual({ base_url: "https://graph.example" });
});

it("says by one name, whatever was asked for, that Windmill is away: the flow retries it", async () => {
  vi.mocked(wmill.getVariable).mockRejectedValue(new Error("Variable not found: undefined"));
  vi.mocked(wmill.getResource).mockRejectedValue(new Error("Resource not found: undefined"));
  const path = "f/platform/chat_model";
  await expect(readVariable(path)).rejects.toThrow(WindmillUnavailableError);
  await expect(readVariable(path)).rejects.toMatchObject({ path });
  await expect(readWhatsApp()).rejects.toThrow(WindmillUnavailableError);
  await expect(readProvider("openai")).rejects.toThrow(WindmillUnavailableError);
});

it("takes a provider that Windmill does not know for one that nobody set up", async () => {
  vi.mocked(wmill.getResource).mockResolvedValue(undefined);
  await expect(readProvider("nobody")).rejects.toThrow(UnknownProviderError);
});
