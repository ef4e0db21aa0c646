import { CHECKS } from "./doctor/checks.ts";
import { makeClients } from "./doctor/clients.ts";
import { type Finding, failed } from "./doctor/finding.ts";
import { findingLine, summaryOf } from "./doctor/report.ts";
import { runChecks } from "./doctor/run_checks.ts";
import { secretsOf } from "./doctor/secrets.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { InvalidSettingsError, readSettings, type Settings } from "./settings.ts";

/** Looks whether a running installation works, and says for each thing that does not what to do. */
async function doctor(): Promise<void> {
  const settings = readOrExplain(readEnvironment(".env", process.env));
  const findings = Array.isArray(settings)
    ? settings
    : await runChecks(CHECKS, makeClients(settings), settings);
  const secrets = Array.isArray(settings) ? [] : secretsOf(settings);
  for (const finding of findings) console.log(findingLine(finding, secrets));
  const summary = summaryOf(findings);
  console.log(JSON.stringify(summary));
  process.exitCode = summary.doctor === "ok" ? 0 : 1;
}

function readOrExplain(env: Environment): Settings | Finding[] {
  try {
    return readSettings(env);
  } catch (error) {
    if (!(error instanceof InvalidSettingsError)) throw error;
    return error.problems.map((problem) => ({
      check: "settings",
      ...failed(problem, "Correct it in .env; .env.example explains it."),
    }));
  }
}

await doctor();
