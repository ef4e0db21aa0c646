import type { Response } from "express";
import { GraphError, sendGraphError } from "./graph_error.ts";

/** How the next call goes wrong. */
export type Fault =
  /** Refused in Graph's shape. `status` is 400 (401 for 190) unless given. */
  | { kind: "error"; code: number; status?: number; details?: string; retryAfterSeconds?: number }
  /** An answer that is not Graph's, such as a proxy's 502. */
  | { kind: "http"; status: number; body: string }
  /** No answer, for as long as the caller waits. */
  | { kind: "hang"; accepted: boolean }
  /** Accepted, and answered as usual after that long. */
  | { kind: "delay"; milliseconds: number }
  /** The connection is cut without an answer. */
  | { kind: "drop"; accepted: boolean }
  /** Answered 200, and reported as failed by a status webhook. */
  | { kind: "fails_later"; code: number };

/**
 * `message`: anything that a contact would see; `read`: the receipt with the typing indicator; `media`: where a file
 * is; `download`: its bytes.
 */
export type FaultyCall = "message" | "read" | "media" | "download";

export interface FaultOrder {
  /** "message" unless given */
  call?: FaultyCall;
  /** 1 unless given */
  times?: number;
  /** A message with such a biz_opaque_callback_data is answered as usual, and the fault waits for another. */
  spares?: (deliveryKey: string) => boolean;
}

interface OrderedFault {
  fault: Fault;
  spares: (deliveryKey: string) => boolean;
}

/** The faults that tests ordered, first come, first served. */
export class Faults {
  #waiting: Record<FaultyCall, OrderedFault[]> = { message: [], read: [], media: [], download: [] };

  order(
    fault: Fault,
    { call = "message", times = 1, spares = () => false }: FaultOrder = {},
  ): void {
    for (let n = 0; n < times; n++) this.#waiting[call].push({ fault, spares });
  }

  forget(): void {
    for (const faults of Object.values(this.#waiting)) faults.length = 0;
  }

  next(call: FaultyCall, deliveryKey?: string): Fault | undefined {
    const waiting = this.#waiting[call];
    const at = waiting.findIndex(({ spares }) => deliveryKey === undefined || !spares(deliveryKey));
    return at < 0 ? undefined : waiting.splice(at, 1)[0]?.fault;
  }
}

/** Whether Graph took the message over before it went wrong. */
export function wasAccepted(fault: Fault | undefined): boolean {
  if (fault === undefined || fault.kind === "fails_later" || fault.kind === "delay") return true;
  return (fault.kind === "hang" || fault.kind === "drop") && fault.accepted;
}

/** Answers the call as the fault says; false when the call is to be answered as usual. */
export function answerFault(res: Response, fault: Fault | undefined): boolean {
  switch (fault?.kind) {
    case "error":
      if (fault.retryAfterSeconds !== undefined) {
        res.set("retry-after", String(fault.retryAfterSeconds));
      }
      sendGraphError(res, new GraphError({ details: "Ordered by failNext().", ...fault }));
      return true;
    case "http":
      res.status(fault.status).type("text/html").send(fault.body);
      return true;
    case "hang":
      return true;
    case "drop":
      res.socket?.destroy();
      return true;
    case "delay":
    case "fails_later":
    case undefined:
      return false;
  }
}
