import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import {
  loadSchedules,
  runSchedules,
  type Schedule,
  UnsupportedSchedule,
} from "../../../local/windmill/schedules.ts";

let root = "";
const log = vi.fn();
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "schedules-"));
  mkdirSync(join(root, "f/t"), { recursive: true });
  vi.useFakeTimers({ now: new Date("2026-03-01T10:00:30Z") });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(root, { recursive: true });
});

function writeSchedule(name: string, changes: object): void {
  const schedule = {
    schedule: "0 */5 * * * *",
    timezone: "Etc/UTC",
    script_path: "f/t/tidy",
    is_flow: false,
    args: { days: 3 },
    enabled: true,
    ...changes,
  };
  writeFileSync(join(root, `f/t/${name}.schedule.yaml`), stringify(schedule));
}

describe("schedules", () => {
  it("start their script with its arguments when they are due, until stopped", () => {
    writeSchedule("tidy", {});
    const due: Schedule[] = [];
    const stop = runSchedules(loadSchedules(root), log, (schedule) => due.push(schedule));
    vi.advanceTimersByTime(4 * 60_000);
    expect(due).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(due).toMatchObject([
      { path: "f/t/tidy", runnable: { kind: "script", path: "f/t/tidy", args: { days: 3 } } },
    ]);
    stop();
    vi.advanceTimersByTime(60 * 60_000);
    expect(due).toHaveLength(1);
  });

  it("say what went wrong when they cannot start, and stay", () => {
    writeSchedule("tidy", { schedule: "0 * * * * *" });
    log.mockClear();
    const stop = runSchedules(loadSchedules(root), log, () => {
      throw new Error("no such script");
    });
    vi.advanceTimersByTime(2 * 60_000);
    const line = "The schedule f/t/tidy failed: Error: no such script";
    expect(log.mock.calls).toEqual([[line], [line]]);
    stop();
  });

  it("do not run when they are not enabled", () => {
    writeSchedule("tidy", { enabled: false });
    expect(loadSchedules(root)).toEqual([]);
  });

  it("keep to their time zone", () => {
    writeSchedule("tidy", { schedule: "0 30 11 * * *", timezone: "Europe/Berlin" });
    const start = vi.fn();
    const stop = runSchedules(loadSchedules(root), log, start);
    vi.advanceTimersByTime(30 * 60_000);
    expect(start).toHaveBeenCalledTimes(1);
    stop();
  });

  it.each([
    ["a handler on failure, which is Enterprise-only", { on_failure: "f/t/alert" }],
    ["a pattern of five fields", { schedule: "*/5 * * * *" }],
  ])("refuse %s", (_title, changes) => {
    writeSchedule("tidy", changes);
    const run = () => runSchedules(loadSchedules(root), log, () => undefined);
    expect(run).toThrow(UnsupportedSchedule);
  });
});
