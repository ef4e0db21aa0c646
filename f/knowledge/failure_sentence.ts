import { ModelCallError } from "../platform/model_call_error.ts";
import {
  AddressNotPublicError,
  HostNotFoundError,
  HttpStatusError,
  HttpTimeoutError,
  PublicHttpError,
  ResponseTooLargeError,
  TooManyRedirectsError,
  UrlNotAllowedError,
} from "../platform/public_http_errors.ts";
import { DocumentError } from "./document_errors.ts";

/** What a tenant reads about a document that could not be processed. It names nothing that is inside. */
export function failureSentence(error: unknown): string {
  if (error instanceof DocumentError) return error.message;
  if (error instanceof PublicHttpError) return pageSentence(error);
  if (error instanceof ModelCallError) {
    return "The document was read, but preparing it for search failed. Try again in a few minutes.";
  }
  return "Something went wrong on our side. Try again; if it fails once more, tell us.";
}

/** Whether the document itself is the cause: then trying again changes nothing, and no job needs to fail. */
export function isTenantsToSolve(error: unknown): boolean {
  return error instanceof DocumentError || error instanceof PublicHttpError;
}

function pageSentence(error: PublicHttpError): string {
  // such an address may well open in a browser
  if (error instanceof UrlNotAllowedError) {
    return "Only http:// and https:// addresses are read, without a port such as :8080 and without a password.";
  }
  if (error instanceof HostNotFoundError) return "There is no such web site. Check the address.";
  if (error instanceof AddressNotPublicError) return "The address is not on the public Internet.";
  if (error instanceof HttpTimeoutError) return "The web site took too long to answer.";
  if (error instanceof TooManyRedirectsError) return "The web site redirects too often.";
  if (error instanceof ResponseTooLargeError) {
    return `The page is larger than ${error.maxBytes / 1024 / 1024} MB.`;
  }
  if (error instanceof HttpStatusError) {
    if (error.isMissing) return "There is no such page. Check the address.";
    return `The web site answered with an error (${error.status}). Can the page be opened without logging in?`;
  }
  return "The web page could not be read. Check that the address opens in a browser.";
}
