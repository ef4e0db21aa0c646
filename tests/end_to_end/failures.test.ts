import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../helpers/eventually.ts";
import {
  contactSays,
  receivedWhenSettled,
  startTestStack,
  type TestStack,
} from "../helpers/test_stack.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.close());

async function errorMessage(): Promise<string> {
  const [chatbot] = await stack.admin.query<{ error_message: string }>(
    "select error_message from chatbots limit 1",
  );
  return chatbot?.error_message ?? "";
}

function turnsOf(waId: string) {
  return stack.admin.query<{ status: string; reply_kind: string; messages: string[] }>(
    `select t.status, t.reply_kind,
       (select array_agg(m.delivery_status) from messages m where m.turn_id = t.id and m.author = 'chatbot') as messages
     from turns t join contacts c on c.id = t.contact_id where c.phone = $1 order by t.created_at`,
    [waId],
  );
}

function alertsOf(waId: string) {
  return stack.admin.query<{ step: string; error: string }>(
    `select a.details ->> 'step' as step, a.details ->> 'error' as error
     from system_alerts a join turns t on t.id = a.turn_id join contacts c on c.id = t.contact_id
     where c.phone = $1 and a.kind = 'step_failed'`,
    [waId],
  );
}

describe("when a step fails", () => {
  it("because of the model, the contact is told once and the next message is answered", async () => {
    const waId = "15550102001";
    stack.models.failNext({ kind: "error", status: 401 });
    await contactSays(stack, waId, "Hello");
    expect(await receivedWhenSettled(stack, waId)).toEqual([await errorMessage()]);
    expect(await alertsOf(waId)).toEqual([{ step: "generate_reply", error: "ModelCallError" }]);
    await contactSays(stack, waId, "Hello again");
    expect(await receivedWhenSettled(stack, waId)).toHaveLength(2);
    expect(await turnsOf(waId)).toMatchObject([
      { status: "failed", reply_kind: "error" },
      { status: "completed", reply_kind: "answer" },
    ]);
  });

  it("because no model of the chain answers, the contact is told once and the alert names each", async () => {
    const waId = "15550102010";
    await stack.admin.query("update chatbots set fallback_models = '{openai:second}'");
    stack.models.failNext({ kind: "error", status: 503 }, { times: 3 });
    await contactSays(stack, waId, "Hello");
    expect(await receivedWhenSettled(stack, waId)).toEqual([await errorMessage()]);
    expect(await alertsOf(waId)).toEqual([
      { step: "generate_reply", error: "AllModelsFailedError" },
    ]);
    stack.models.failNext({ kind: "error", status: 503 });
    await contactSays(stack, waId, "Hello again");
    expect(await receivedWhenSettled(stack, waId)).toHaveLength(2);
    const [usage] = await stack.admin.query<{ model: string }>(
      "select l.model from usage_logs l join contacts c on c.id = l.contact_id where c.phone = $1",
      [waId],
    );
    expect(usage?.model).toBe("openai:second");
    await stack.admin.query("update chatbots set fallback_models = '{}'");
  });

  it("because WhatsApp refuses the reply, nothing else is sent, and the branch says why", async () => {
    const waId = "15550102002";
    stack.whatsapp.failNext({ kind: "error", code: 131047 });
    await contactSays(stack, waId, "Hello");
    expect(await receivedWhenSettled(stack, waId)).toEqual([]);
    expect(await alertsOf(waId)).toEqual([{ step: "send_reply", error: "MessageRefusedError" }]);
    expect(await turnsOf(waId)).toEqual([
      { status: "failed", reply_kind: "answer", messages: ["failed"] },
    ]);
  });

  it("because WhatsApp hangs up after it accepted, the reply arrives once and its status settles it", async () => {
    const waId = "15550102003";
    stack.whatsapp.failNext({ kind: "drop", accepted: true });
    await contactSays(stack, waId, "Hello");
    expect(await receivedWhenSettled(stack, waId)).toHaveLength(1);
    expect(await alertsOf(waId)).toEqual([
      { step: "send_reply", error: "MessageOutcomeUnknownError" },
    ]);
    expect(await turnsOf(waId)).toMatchObject([{ status: "completed", reply_kind: "answer" }]);
  });

  it("because of a throttle, it is sent by the retry", async () => {
    const waId = "15550102004";
    stack.whatsapp.failNext({ kind: "error", code: 131056 });
    await contactSays(stack, waId, "Hello");
    expect(await receivedWhenSettled(stack, waId)).toHaveLength(1);
    expect(await alertsOf(waId)).toEqual([]);
    expect(await turnsOf(waId)).toMatchObject([{ status: "completed" }]);
  });

  it("Slack is told, without a phone number or a key", () => {
    const posts = stack.slack.messages.map(({ text }) => text ?? "");
    // four failures, and the third of a kind within five minutes is said to be one
    expect(posts).toHaveLength(5);
    expect(posts[0]).toContain("The step generate_reply failed");
    expect(posts.filter((post) => post.includes("3 alerts of the kind"))).toHaveLength(1);
    expect(posts.join("\n")).not.toContain("1555010");
    expect(posts.join("\n")).not.toContain(stack.modelApiKey);
  });
});

describe("a flow that an operator cancels in Windmill", () => {
  async function generatingTurn(waId: string) {
    const [turn] = await stack.admin.query<{ id: string; flow_job_id: string }>(
      `select t.id, t.flow_job_id from turns t join contacts c on c.id = t.contact_id
       where c.phone = $1 and t.status = 'generating'`,
      [waId],
    );
    if (!turn) throw new Error("no turn is being answered");
    return turn;
  }

  it("is started again by recover_turns, because its contact still waits, who is answered once", async () => {
    const waId = "15550102020";
    const { windmill } = stack;
    const { chat } = stack.models.requests;
    const asked = chat.length;
    stack.models.failNext({ kind: "hang" });
    await contactSays(stack, waId, "Hello");
    await eventually(() => expect(chat.length).toBeGreaterThan(asked));
    const turn = await generatingTurn(waId);
    const canceled = await fetch(
      `${windmill.baseUrl}/api/w/${windmill.workspace}/jobs_u/queue/cancel/${turn.flow_job_id}`,
      {
        method: "POST",
        headers: {
          authorization: `Bearer ${windmill.token}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ reason: "takes too long" }),
      },
    );
    expect(canceled.status).toBe(200);
    expect(await windmill.waitForJob(turn.flow_job_id)).toMatchObject({ success: false });
    expect(await generatingTurn(waId)).toEqual(turn); // the database still has it
    await stack.admin.query("update turns set lease_expires_at = now() where id = $1", [turn.id]);
    const recovered = await windmill.waitForJob(
      await windmill.runScript("f/operations/recover_turns", { db: "$res:f/platform/postgres" }),
    );
    expect(recovered).toMatchObject({ success: true, result: { turns_restarted: 1 } });
    expect(await receivedWhenSettled(stack, waId)).toHaveLength(1);
    expect(await turnsOf(waId)).toMatchObject([{ status: "completed", reply_kind: "answer" }]);
  });
});
