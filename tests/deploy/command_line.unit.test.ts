import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { DEPLOY, DOCTOR, readCommandLine } from "../../deploy/command_line.ts";
import { defaultEnvFile } from "../../deploy/environment.ts";

describe.each([
  ["deploy", DEPLOY],
  ["doctor", DOCTOR],
])("the command line of %s", (name, command) => {
  it("names the env file, or leaves it to the default", () => {
    expect(readCommandLine(command, []).envFile).toBe(defaultEnvFile());
    expect(readCommandLine(command, ["--env", "staging.env"])).toEqual({
      ...{ wantsHelp: false, check: false, envFile: resolve("staging.env") },
    });
    expect(readCommandLine(command, ["--help"]).wantsHelp).toBe(true);
  });

  it.each([
    [["--chek"], "Unknown option '--chek'"],
    [["staging.env"], "Unexpected argument 'staging.env'"],
    [["--env"], "Option '--env <value>' argument missing"],
  ])("refuses %j with its usage", (args, problem) => {
    expect(() => readCommandLine(command, args)).toThrow(
      new RegExp(`^${problem}.*\\. Usage: npm run ${name} `),
    );
  });
});

it("takes --check for a deployment only", () => {
  expect(readCommandLine(DEPLOY, ["--check"]).check).toBe(true);
  expect(() => readCommandLine(DOCTOR, ["--check"])).toThrow("Unknown option '--check'. Usage: ");
});
