import fc from "fast-check";
import { describe, it } from "vitest";
import { interleavings, type Step, TakeoverModel } from "./takeover_model.ts";

const INTERLEAVINGS = 10_000;

type Before = Pick<TakeoverModel, "mode" | "repliesBegun" | "notices">;

/** A property of single steps. Plain booleans: vitest's expect takes longer than the model. */
function ofEachStep(holds: (step: Step, before: Before, after: TakeoverModel) => boolean) {
  return fc.property(interleavings, (steps) => {
    const model = new TakeoverModel();
    return steps.every((step) => {
      const { mode, repliesBegun, notices } = model;
      model.take(step);
      return holds(step, { mode, repliesBegun, notices }, model);
    });
  });
}

/** As if everybody but the flow had gone home. */
function letItSettle(model: TakeoverModel): void {
  model.take("person gives back");
  for (let steps = 0; steps < 1_000; steps++) {
    const step = model.nextStepOfFlow();
    if (!step) return;
    model.take(step);
  }
  throw new Error("the flow never ends");
}

describe("whatever the order of steps", () => {
  const options = { numRuns: INTERLEAVINGS };

  it("no reply begins to be sent once a takeover is committed", () =>
    fc.assert(
      ofEachStep(
        (_, before, after) => before.mode === "auto" || after.repliesBegun === before.repliesBegun,
      ),
      options,
    ));

  it("each takeover from the dashboard makes exactly one notice, and nothing else makes one", () =>
    fc.assert(
      ofEachStep((step, before, after) => {
        const isTakeover = step === "person takes over" && before.mode === "auto";
        return after.notices === before.notices + (isTakeover ? 1 : 0);
      }),
      options,
    ));

  it("once given back, what the person did not answer is answered by the chatbot, exactly once", () =>
    fc.assert(
      fc.property(interleavings, (steps) => {
        const model = new TakeoverModel();
        for (const step of steps) model.take(step);
        letItSettle(model);
        return model
          .answers()
          .every(({ byChatbot, byPerson }) => byChatbot === 1 || (byPerson && byChatbot === 0));
      }),
      options,
    ));
});
