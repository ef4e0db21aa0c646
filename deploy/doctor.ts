import { argv } from "node:process";
import { DOCTOR, readCommandLine, UsageError } from "./command_line.ts";
import { CHECKS } from "./doctor/checks.ts";
import { makeClients } from "./doctor/clients.ts";
import { type Finding, failed } from "./doctor/finding.ts";
import { findingLine, summaryOf } from "./doctor/report.ts";
import { runChecks } from "./doctor/run_checks.ts";
import { secretsOf } from "./doctor/secrets.ts";
import { NoEnvFileError, readEnvironment } from "./environment.ts";
import { InvalidSettingsError, readSettings, type Settings } from "./settings.ts";

/** `npm run doctor [-- --env <file>]`: looks whether a running installation works, and says for each thing that does not what to do. */
async function doctor(): Promise<void> {
  const { wantsHelp, envFile } = readCommandLine(DOCTOR, argv.slice(2));
  if (wantsHelp) return console.log(DOCTOR.usage);
  const settings = readOrExplain(envFile);
  const findings = Array.isArray(settings)
    ? settings
    : await runChecks(CHECKS, makeClients(settings), settings);
  const secrets = Array.isArray(settings) ? [] : secretsOf(settings);
  for (const finding of findings) console.log(findingLine(finding, secrets));
  const summary = summaryOf(findings);
  console.log(JSON.stringify(summary));
  process.exitCode = summary.doctor === "ok" ? 0 : 1;
}

function readOrExplain(file: string): Settings | Finding[] {
  try {
    return readSettings(readEnvironment(file, process.env), file);
  } catch (error) {
    if (error instanceof NoEnvFileError) {
      return [{ check: "settings", ...failed(error.message, "Name another file with --env.") }];
    }
    if (!(error instanceof InvalidSettingsError)) throw error;
    return error.problems.map((problem) => ({
      check: "settings",
      ...failed(problem, `Correct it in ${file}; .env.example explains it.`),
    }));
  }
}

doctor().catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
});
