import * as z from "zod/v4";

/** As every script of this folder is called by a chatbot: JSON of what the model wrote, and of whose turn it is. */
const toolCall = z.object({ arguments: z.object({ time_zone: z.string() }) });

export type TimeInZone =
  | { readonly time_zone: string; readonly time: string }
  | { readonly error: "there is no such time zone"; readonly time_zone: string };

/** A tool: the time in another time zone. A model's text is inside one JSON string, where Windmill replaces nothing. */
export async function main(call: string): Promise<TimeInZone> {
  const { time_zone } = toolCall.parse(JSON.parse(call)).arguments;
  return timeInZone(time_zone, new Date());
}

export function timeInZone(time_zone: string, now: Date): TimeInZone {
  try {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone: time_zone,
      dateStyle: "full",
      timeStyle: "short",
    });
    return { time_zone, time: format.format(now) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { error: "there is no such time zone", time_zone };
  }
}
