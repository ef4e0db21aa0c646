import { InvalidConfigError, readConfig } from "./config.ts";
import { makeLog } from "./log.ts";
import { startIngress } from "./start_ingress.ts";

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = makeLog(config.logLevel);
  const ingress = await startIngress(config, log);
  log.info({ url: ingress.url }, "the ingress listens");

  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    // whoever asks twice does not want to wait
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "finishing what is under way");
    await ingress.close();
    log.info("stopped");
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof InvalidConfigError ? error.message : error);
  process.exitCode = 1;
});
