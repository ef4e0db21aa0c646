/** A URL from outside could not be read. Each subclass says why; `url` is the hop at which it ended. */
export abstract class PublicHttpError extends Error {
  readonly url: string;

  constructor(url: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.url = url;
  }
}

/** The URL itself is refused, whatever it points at. */
export class UrlNotAllowedError extends PublicHttpError {
  override readonly name = "UrlNotAllowedError";
  readonly reason: string;

  constructor(url: string, reason: string) {
    super(url, `${url} is not read: ${reason}.`);
    this.reason = reason;
  }
}

export class HostNotFoundError extends PublicHttpError {
  override readonly name = "HostNotFoundError";

  constructor(url: string, options?: ErrorOptions) {
    super(url, `The host of ${url} has no address: check its spelling.`, options);
  }
}

/** At least one of the host's addresses is not on the public Internet. */
export class AddressNotPublicError extends PublicHttpError {
  override readonly name = "AddressNotPublicError";
  readonly address: string;

  constructor(url: string, address: string) {
    super(
      url,
      `${url} leads to ${address}, which is not a public address. If this installation means to read it, ` +
        "add its host:port to the variable f/platform/allowed_private_origins.",
    );
    this.address = address;
  }
}

export class TooManyRedirectsError extends PublicHttpError {
  override readonly name = "TooManyRedirectsError";
  readonly maxRedirects: number;

  constructor(url: string, maxRedirects: number) {
    super(url, `${url} redirects once more after ${maxRedirects} redirects.`);
    this.maxRedirects = maxRedirects;
  }
}

/** No connection, or it broke before the response had arrived whole. */
export class ConnectionFailedError extends PublicHttpError {
  override readonly name = "ConnectionFailedError";

  constructor(url: string, options: ErrorOptions) {
    super(url, `The connection to ${url} failed.`, options);
  }
}

export class HttpTimeoutError extends PublicHttpError {
  override readonly name = "HttpTimeoutError";
  readonly timeoutMs: number;

  constructor(url: string, timeoutMs: number, options?: ErrorOptions) {
    super(url, `${url} did not answer within ${timeoutMs} ms.`, options);
    this.timeoutMs = timeoutMs;
  }
}

export class HttpStatusError extends PublicHttpError {
  override readonly name = "HttpStatusError";
  readonly status: number;

  constructor(url: string, status: number) {
    super(url, `${url} answered with status ${status}.`);
    this.status = status;
  }

  /** HTTP: Not Found, Gone. */
  get isMissing(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

export class ResponseTooLargeError extends PublicHttpError {
  override readonly name = "ResponseTooLargeError";
  readonly maxBytes: number;

  constructor(url: string, maxBytes: number) {
    super(url, `The response of ${url} is larger than ${maxBytes} bytes.`);
    this.maxBytes = maxBytes;
  }
}

/** The bytes are not what the headers say. */
export class ResponseUnreadableError extends PublicHttpError {
  override readonly name = "ResponseUnreadableError";

  constructor(url: string, problem: string, options?: ErrorOptions) {
    super(url, `The response of ${url} cannot be read: ${problem}.`, options);
  }
}
