import { expect, it } from "vitest";
import { META_PAIR_RATE, PairRate } from "../../../local/whatsapp/pair_rate.ts";

it("lets a number send 45 messages at once to a person, and then one in six seconds", () => {
  let now = 1_000_000;
  const rate = new PairRate(META_PAIR_RATE, () => now);
  for (let n = 0; n < 45; n++) rate.count("1", "US.1");
  expect(() => rate.count("1", "US.1")).toThrow(expect.objectContaining({ code: 131056 }));
  rate.count("1", "US.2"); // control: another person
  rate.count("2", "US.1"); // control: another number
  now += 6_000;
  rate.count("1", "US.1");
  expect(() => rate.count("1", "US.1")).toThrow(expect.objectContaining({ code: 131056 }));
});
