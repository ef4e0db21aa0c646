import { beforeEach, describe, expect, it, vi } from "vitest";
import * as wmill from "windmill-client";
import {
  JobNotStartedError,
  NoJobError,
  ownFlowJobId,
  startFlow,
  startScript,
} from "../../../f/platform/windmill.ts";

vi.mock("windmill-client", () => ({ runFlowAsync: vi.fn(), runScriptByPathAsync: vi.fn() }));
beforeEach(() => vi.resetAllMocks());

const ID = "0199b2b0-1234-7abc-8def-0123456789ab";

describe("starting a job", () => {
  it("returns the job's id", async () => {
    vi.mocked(wmill.runFlowAsync).mockResolvedValue(`${ID}\n`);
    vi.mocked(wmill.runScriptByPathAsync).mockResolvedValue(ID);
    expect(await startFlow("f/chat/flow", { webhook_event_id: 1 })).toBe(ID);
    expect(await startScript("f/knowledge/script", {})).toBe(ID);
    expect(wmill.runFlowAsync).toHaveBeenCalledWith("f/chat/flow", { webhook_event_id: 1 });
  });

  it("takes an error's text, which the client returns as an id, for the error it is", async () => {
    vi.mocked(wmill.runFlowAsync).mockResolvedValue(
      "Not found: flow not found at name f/chat/flow",
    );
    await expect(startFlow("f/chat/flow", {})).rejects.toThrow(JobNotStartedError);
    await expect(startFlow("f/chat/flow", {})).rejects.toThrow("flow not found");
  });
});

describe("a job's flow run", () => {
  it("is the root's, also in a branch, and its own when it was started alone", () => {
    const branch = { WM_ROOT_FLOW_JOB_ID: "root", WM_FLOW_JOB_ID: "branch", WM_JOB_ID: "job" };
    expect(ownFlowJobId(branch)).toBe("root");
    expect(ownFlowJobId({ ...branch, WM_ROOT_FLOW_JOB_ID: "" })).toBe("branch");
    expect(ownFlowJobId({ WM_JOB_ID: "job" })).toBe("job");
    expect(() => ownFlowJobId({})).toThrow(NoJobError);
  });
});
