import { describe, expect, it } from "vitest";
import { readSettings } from "../../deploy/settings.ts";
import { desiredResources, desiredVariables } from "../../deploy/units/desired_values.ts";

const OPENAI = "https://api.openai.com/v1";
const GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai";

/** What deploy wants of the key and the address that go together. */
function openai(variables: Record<string, string>) {
  const settings = readSettings(
    { DATABASE_URL: "postgresql://owner@localhost/chatbots", ...variables },
    ".env",
  );
  const key = desiredVariables(settings).find(({ path }) => path.endsWith("/openai_api_key"));
  const resource = desiredResources(settings).find(({ path }) => path.endsWith("/openai"));
  return {
    key: [key?.value, key?.first],
    url: [resource?.value?.base_url, resource?.first?.base_url],
  };
}

describe("no provider gets another one's key", () => {
  it("Google's takes no place of a key that Windmill has, and begins with Google's address", () => {
    expect(openai({ GOOGLE_API_KEY: "google" })).toEqual({
      key: [undefined, "google"],
      url: [undefined, GOOGLE],
    });
  });

  it("OpenAI's takes the address to OpenAI, wherever it led before", () => {
    const { key, url } = openai({ GOOGLE_API_KEY: "google", OPENAI_API_KEY: "openai" });
    expect(key[0]).toBe("openai");
    expect(url[0]).toBe(OPENAI);
  });

  it("an address that is said wins", () => {
    const said = { OPENAI_API_KEY: "key", OPENAI_BASE_URL: "https://models.example.com/v1" };
    expect(openai(said).url[0]).toBe("https://models.example.com/v1");
  });

  it("none leaves both as Windmill has them", () => {
    expect(openai({})).toEqual({ key: [undefined, undefined], url: [undefined, OPENAI] });
  });
});
