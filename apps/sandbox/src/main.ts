import { ConfigError, createLogger, describeFolderFailure, onShutdown, readConfig } from '@wa-gate/kit';
import { startSandbox } from './app.ts';
import { type Config, ConfigSchema } from './config.ts';

/** Milliseconds. The launcher allows ten seconds for everything; closing takes well under one. */
const GRACE_MS = 3000;

/** Reports a wrong environment in one sentence on stderr, because the log level itself may be wrong. */
function configOrEnd(): Config {
  try {
    return readConfig(ConfigSchema);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`sandbox: ${error.message}\n`);
    process.exit(1);
  }
}

const config = configOrEnd();
const log = createLogger({ service: 'sandbox', level: config.LOG_LEVEL });

try {
  const sandbox = await startSandbox({
    host: config.SANDBOX_HOST,
    publicHosts: config.SANDBOX_PUBLIC_HOST?.split(',').map((name) => name.trim()),
    port: config.SANDBOX_PORT,
    wsPort: config.SANDBOX_WS_PORT,
    dataDir: config.SANDBOX_DATA_DIR,
    token: config.SANDBOX_TOKEN,
    decrypt: config.SANDBOX_DECRYPT,
    autoCreatePhones: config.SANDBOX_AUTO_CREATE_PHONES,
    fewPreKeys: config.SANDBOX_FEW_PREKEYS,
    latencyMs: config.SANDBOX_LATENCY_MS,
    log,
  });
  onShutdown(log, GRACE_MS, () => [{ name: 'sandbox', close: () => sandbox.stop() }]);
  const { url, wsUrl, mediaHost } = sandbox;
  log.info({ ready: true, url, wsUrl, mediaHost, dataDir: config.SANDBOX_DATA_DIR ?? null }, 'ready');
  process.send?.({ type: 'ready', url });
} catch (error) {
  const folder = config.SANDBOX_DATA_DIR;
  const sentence = folder === undefined ? null : describeFolderFailure(error, 'SANDBOX_DATA_DIR', folder);
  if (sentence === null) log.fatal({ err: error }, 'the sandbox could not start');
  else process.stderr.write(`sandbox: ${sentence}\n`);
  process.exitCode = 1;
}
