/** An answer was longer than we are willing to hold in memory. */
export class ResponseTooLargeError extends Error {
  override readonly name = "ResponseTooLargeError";
  readonly host: string;
  readonly maxBytes: number;

  constructor(host: string, maxBytes: number) {
    super(`${host} answered with more than ${maxBytes} bytes.`);
    this.host = host;
    this.maxBytes = maxBytes;
  }
}

/**
 * fetch for the services that the operator configured. Reads the whole answer, at most `maxBytes` of it
 * after decompression, and follows no redirect, so that a token never travels on to another host.
 */
export function limitedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: "error" });
    const body = await readAtMost(response, maxBytes);
    const headers = new Headers(response.headers);
    // they describe the bytes on the wire, and what is returned here is decompressed
    headers.delete("content-encoding");
    headers.delete("content-length");
    const isNull = response.status === 204 || response.status === 304;
    return new Response(isNull ? null : body, { status: response.status, headers });
  };
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw new ResponseTooLargeError(new URL(response.url).host, maxBytes);
    }
    chunks.push(value);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}
