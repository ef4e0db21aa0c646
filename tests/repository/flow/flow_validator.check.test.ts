import { describe, expect, it } from "vitest";
import { filesOfTheTree, readText } from "../../../local/metadata/tree.ts";
import { installation } from "../installation.ts";
import { signatureOf } from "../script_signature.ts";
import { validateFlow } from "./flow_validator.ts";

/** Right in every way; each case below breaks one thing in it. */
const FLOW = `
summary: Answer a message
value:
  modules:
    - id: load_context
      summary: Load
      value:
        type: script
        path: f/chat/load_context
        input_transforms:
          webhook_event_id: { type: javascript, expr: flow_input.webhook_event_id }
          db: { type: static, value: $res:f/platform/postgres }
      retry:
        exponential: { attempts: 3, multiplier: 1, seconds: 2 }
        retry_if: { expr: "error.name === 'Busy'" }
      timeout: { type: static, value: 30 }
      stop_after_if: { expr: "result.outcome !== 'reply'", skip_if_stopped: false }
    - id: generate_reply
      summary: Generate
      value:
        type: script
        path: f/chat/generate_reply
        input_transforms:
          context: { type: javascript, expr: JSON.stringify(results.load_context) }
          model: { type: static, value: $var:f/platform/chat_model }
    - id: deliver
      summary: Deliver
      skip_if: { expr: results.generate_reply.outcome === 'superseded' }
      value:
        type: branchall
        parallel: true
        branches:
          - summary: send
            skip_failure: true
            modules:
              - id: send_reply
                summary: Send
                value:
                  type: script
                  path: f/chat/send_reply
                  input_transforms:
                    turn_id: { type: javascript, expr: results.generate_reply.turn_id }
    - id: finish_turn
      summary: Finish
      value:
        type: script
        path: f/chat/finish_turn
        input_transforms:
          turn_id: { type: javascript, expr: results.generate_reply.turn_id }
          deliveries: { type: javascript, expr: JSON.stringify(results.deliver) }
  failure_module:
    id: failure
    summary: Alert
    value:
      type: script
      path: f/operations/alert
      input_transforms:
        error: { type: javascript, expr: JSON.stringify(error) }
        step_id: { type: javascript, expr: error.step_id }
        flow_job_id: { type: javascript, expr: flow_job_id }
schema:
  type: object
  properties:
    webhook_event_id: { type: integer, description: The event. }
`;

const SCRIPTS: Record<string, string> = {
  "f/chat/load_context":
    "export async function main(webhook_event_id: number, db: RT.Postgresql) {}",
  "f/chat/generate_reply": "export async function main(context: string, model?: string) {}",
  "f/chat/send_reply": "export async function main(turn_id: string) {}",
  "f/chat/finish_turn": "export async function main(turn_id: string, deliveries = '[]') {}",
  "f/chat/library": "export const one = 1;",
  "f/operations/alert":
    "export async function main(error: string, step_id: string, flow_job_id: string) {}",
};

function problemsOf(text: string): string[] {
  return validateFlow(text, {
    installation,
    signatureOf: (path) =>
      SCRIPTS[path] === undefined ? undefined : signatureOf(path, SCRIPTS[path]),
  });
}

function broken(from: string, to: string): string {
  expect(FLOW).toContain(from);
  return FLOW.replace(from, to);
}

const TURN_ID = "expr: results.generate_reply.turn_id";
const RETRY = "{ attempts: 3, multiplier: 1, seconds: 2 }";

const BROKEN: [rule: string, from: string, to: string, problem: string][] = [
  ["YAML that does not parse", "value:", "value: [", "flow"],
  ["an unknown key", "summary: Load", "summary: Load\n      retries: 3", 'key: "retries"'],
  ["an Enterprise key", "summary: Load", "summary: Load\n      priority: 1", 'key: "priority"'],
  [
    "a step without summary",
    "summary: Generate",
    "summary: ''",
    "step generate_reply: has no summary",
  ],
  ["a mocked step", "summary: Load", "summary: Load\n      mock: { enabled: true }", "is mocked"],
  [
    "code in the flow",
    "type: script",
    "type: rawscript\n        content: a\n        language: bun",
    "path",
  ],
  ["a kind of step that nothing runs", "type: branchall", "type: aiagent", "modules.2.value"],
  ["an id used twice", "id: finish_turn", "id: send_reply", "another step has the same id"],
  ["a reserved id", "id: deliver", "id: failure", "none of failure, preprocessor, Input"],
  ["an id that is not the script's name", "id: send_reply", "id: send", "which is send_reply"],
  ["a script that does not exist", "f/chat/send_reply", "f/gone/send_reply", "no such script"],
  ["a hub script", "f/chat/send_reply", "hub/1/slack/send_reply", "no such script"],
  ["a script without main", "f/chat/send_reply", "f/chat/library", "no function main"],
  ["a missing input", "db: { type", "# { type", "does not give db, which main requires"],
  ["an input that main does not take", "context:", "contxt:", "takes no such parameter"],
  ["a result of no step", "(results.load_context)", "(results.load)", "no step load has run"],
  ["a result of a later step", "(results.load_context)", "(results.finish_turn)", "no step finish"],
  ["a branch's result outside of it", "(results.deliver)", "(results.send_reply)", "no step send"],
  ["results without a step", "(results.load_context)", "(results)", "name the step after results"],
  ["an input of no schema", "flow_input.webhook_event_id", "flow_input.id", "schema does not have"],
  ["JavaScript that does not parse", "(results.deliver)", "(results.deliver", "no JavaScript"],
  ["TypeScript", TURN_ID, "expr: results.generate_reply.turn_id as string", "no JavaScript"],
  ["statements", "expr: flow_job_id", "expr: 'let id = 1; return id'", "no JavaScript"],
  [
    "two expressions",
    "expr: flow_job_id",
    "expr: '1)); ((flow_job_id'",
    "more than one expression",
  ],
  ["error outside the failure module", TURN_ID, "expr: error.step_id", "does not give to a input"],
  ["results in retry_if", "error.name === 'Busy'", "results.load_context", "give to a retry_if"],
  ["result in skip_if", "results.generate_reply.outcome ===", "result ===", "give to a skip_if"],
  ["error in stop_after_if", "result.outcome", "error.outcome", "give to a stop_after_if"],
  ["a variable's value", TURN_ID, "expr: variable('f/platform/chat_model')", "reads variable"],
  ["a resource of no installation", "f/platform/postgres }", "f/x/y }", "no installation has"],
  [
    "a resource of another type",
    "$res:f/platform/postgres",
    "$res:f/platform/openai",
    "type openai",
  ],
  [
    "a variable of no installation",
    "f/platform/chat_model",
    "f/platform/gone",
    "no installation has",
  ],
  [
    "a secret as argument",
    "f/platform/chat_model",
    "f/platform/openai_api_key",
    "hands over a secret",
  ],
  [
    "a nested secret",
    "$var:f/platform/chat_model",
    "{ a: [$var:f/platform/openai_api_key] }",
    "secret",
  ],
  [
    "another kind of reference",
    "$var:f/platform/chat_model",
    "$jsonvar:f/x/y",
    "neither $res: nor",
  ],
  ["a static value of the wrong type", "$var:f/platform/chat_model", "7", "main takes a string"],
  ["an empty retry", `exponential: ${RETRY}`, "", "retry makes 0 attempts"],
  ["too many attempts", RETRY, "{ attempts: 40, multiplier: 0, seconds: 2 }", "40 attempts"],
  [
    "a base that does not grow",
    RETRY,
    "{ attempts: 3, multiplier: 5, seconds: 1 }",
    "no delay grows",
  ],
  ["an endless wait", RETRY, "{ attempts: 9, multiplier: 9, seconds: 9 }", "retry 9 waits"],
  ["a timeout of hours", "value: 30 }", "value: 30000 }", "timeout is 30000"],
  ["a failure module that is no script", "id: failure", "id: alert", 'not "alert"'],
  ["an input that may hold text", "type: integer", "type: string", "may hold text from outside"],
];

/** Design: text from outside never travels as a plain argument. */
const TEXT_FROM_OUTSIDE = [
  "results.load_context",
  "results.load_context.message",
  "results.load_context.contact.name",
  "results.load_context.external_id",
  "results.load_context.tool.turn_id",
  "previous_result.turn_id",
  "flow_input",
  "JSON.stringify(results.load_context) + results.load_context.message",
  "JSON.stringify(results.load_context, (key, value) => results.load_context.message)",
  "String(results.load_context.message)",
  ["`$", "{results.load_context.message}`"].join(""),
  "results.load_context.turn_id ?? results.load_context.message",
  "results.load_context.message && 1",
  "true ? results.load_context.message : 1",
  "{ message: results.load_context.message }",
  "[results.load_context.message]",
  "{ ...results.load_context }",
  "[...results.load_context.messages]",
  "(1, results.load_context.message)",
  "'$var:f/platform/openai_api_key'",
  "(() => results.load_context.message)()",
];

const SAFE = [
  "JSON.stringify(results.load_context)",
  "JSON.stringify({ context: results.load_context, event: flow_input })",
  "(results.load_context.turn_id)",
  "results.load_context?.fence ?? null",
  "results['load_context'].turn_id",
  "flow_input.webhook_event_id",
  "results.load_context.message === 'stop'",
  "!results.load_context.message",
  "results.load_context.messages.length - 1",
  "results.load_context.message ? 'a' : 'b'",
  "{ turn_id: results.load_context.turn_id, parts: [1, 2] }",
];

const LOOP = `
summary: Recover turns
value:
  modules:
    - id: load_context
      summary: Find
      value: { type: script, path: f/chat/load_context, input_transforms: { webhook_event_id: { type: static, value: 1 }, db: { type: static, value: $res:f/platform/postgres } } }
    - id: each
      summary: Each
      value:
        type: forloopflow
        iterator: { type: javascript, expr: results.load_context.turn_ids }
        skip_failures: true
        modules:
          - id: send_reply
            summary: Send
            value: { type: script, path: f/chat/send_reply, input_transforms: { turn_id: { type: javascript, expr: flow_input.iter.value } } }
schema: { type: object, properties: {} }
`;

describe("the validator of flow.yaml", () => {
  it("passes a flow that is right", () => {
    expect(problemsOf(FLOW)).toEqual([]);
    expect(problemsOf(LOOP)).toEqual([]);
  });

  it.each(BROKEN)("refuses %s", (_rule, from, to, problem) => {
    expect(problemsOf(broken(from, to)).join("\n")).toContain(problem);
  });

  it.each(TEXT_FROM_OUTSIDE)("refuses %s as a plain argument", (expr) => {
    const flow = broken(
      "expr: JSON.stringify(results.load_context)",
      `expr: ${JSON.stringify(expr)}`,
    );
    expect(problemsOf(flow)).toEqual([
      expect.stringContaining("may pass text from outside as a plain argument"),
    ]);
  });

  it.each(SAFE)("passes %s as an argument", (expr) => {
    const flow = broken(
      "expr: JSON.stringify(results.load_context)",
      `expr: ${JSON.stringify(expr)}`,
    );
    expect(problemsOf(flow)).toEqual([]);
  });

  it.each([
    ["a list of texts", "results.load_context.turn_ids", "results.load_context.names", "our ids"],
    ["the error", "results.load_context.turn_ids", "error.turn_ids", "does not give to a iterator"],
    ["an item's text", "flow_input.iter.value", "flow_input.iter.value.name", "text from outside"],
  ])("refuses a loop over %s", (_what, from, to, problem) => {
    expect(LOOP).toContain(from);
    expect(problemsOf(LOOP.replace(from, to)).join("\n")).toContain(problem);
  });
});

describe("the flows of this repository", () => {
  const files = filesOfTheTree();

  it.each(files.filter((path) => /^f\/.*\/flow\.yaml$/.test(path)))("%s is right", (path) => {
    const problems = validateFlow(readText(path), {
      installation,
      signatureOf: (script) =>
        files.includes(`${script}.ts`) ? signatureOf(script, readText(`${script}.ts`)) : undefined,
    });
    expect(problems).toEqual([]);
  });
});
