import { describe, expect, it } from "vitest";
import { NoTextError, WrongFileTypeError } from "../../../f/knowledge/document_errors.ts";
import { failureSentence, isTenantsToSolve } from "../../../f/knowledge/failure_sentence.ts";
import { ModelCallError } from "../../../f/platform/model_call_error.ts";
import * as http from "../../../f/platform/public_http_errors.ts";

const URL = "http://wiki.internal/secret?token=1";

describe("failureSentence", () => {
  it.each([
    [new NoTextError(), /no text/],
    [new WrongFileTypeError("docx", "pdf"), /not a Word document.*but a PDF\. Upload it as that/],
    [new WrongFileTypeError("pdf", "ole"), /without one\.$/],
    [new WrongFileTypeError("text", null), /not plain text\. What can be read: PDF/],
    [new http.UrlNotAllowedError(URL, "only the ports 80 and 443 are allowed"), /without a port/],
    [new http.HostNotFoundError(URL), /no such web site/],
    [new http.AddressNotPublicError(URL, "10.0.0.7"), /not on the public Internet/],
    [new http.HttpTimeoutError(URL, 1_000), /too long/],
    [new http.TooManyRedirectsError(URL, 3), /redirects/],
    [new http.ResponseTooLargeError(URL, 5 * 1024 * 1024), /larger than 5 MB/],
    [new http.HttpStatusError(URL, 403), /\(403\).*logging in/],
    [new http.HttpStatusError(URL, 404), /^There is no such page/],
    [new http.ConnectionFailedError(URL, {}), /could not be read/],
  ])("tells a tenant about %s", (error, sentence) => {
    expect(failureSentence(error)).toMatch(sentence);
    expect(isTenantsToSolve(error)).toBe(true);
  });

  it.each([
    new ModelCallError("m", "401 key sk-1234", { isRetryable: false }),
    new Error("password authentication failed for user chatbot_app at 10.0.0.7"),
    "thrown text",
  ])("keeps what is inside to itself: %s", (error) => {
    expect(failureSentence(error)).not.toMatch(/sk-|10\.0|chatbot_app|thrown/);
    expect(isTenantsToSolve(error)).toBe(false);
  });

  it("names no address of the inside", () => {
    expect(failureSentence(new http.AddressNotPublicError(URL, "10.0.0.7"))).not.toMatch(
      /10\.0|wiki/,
    );
  });
});
