import { type Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface TextAnswer {
  status: number;
  /** Its first 64 KiB. */
  text: string;
}

const MAX_ANSWER_CHARACTERS = 64 * 1_024;

/**
 * One POST, not repeated and not redirected. By node:http: fetch took half of the ingress' processor time when
 * every webhook starts a flow. Rejects when no answer came within the time.
 */
export function postJson(
  url: URL,
  options: { headers: Record<string, string>; body: string; agent: Agent; timeoutMs: number },
): Promise<TextAnswer> {
  const { headers, body, agent, timeoutMs } = options;
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: "POST",
      agent,
      headers: {
        ...headers,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
    });
    const timer = setTimeout(
      () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    call.once("error", reject).once("close", () => clearTimeout(timer));
    call.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (text.length < MAX_ANSWER_CHARACTERS) text += chunk;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.end(body);
  });
}
