import { InvalidConfigError, readConfig } from "./config.ts";
import { makeLog } from "./log.ts";
import { startIngress } from "./start_ingress.ts";

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = makeLog(config.logLevel);
  const ingress = await startIngress(config, log);
  log.info({ url: ingress.url }, "the ingress listens");

  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, "finishing what is under way");
    await ingress.close();
    log.info("stopped");
  };
  // once: a second signal ends the process at once
  process.once("SIGTERM", stop).once("SIGINT", stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof InvalidConfigError ? error.message : error);
  process.exitCode = 1;
});
