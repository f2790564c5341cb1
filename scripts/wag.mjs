#!/usr/bin/env node
/** `npm run wag -- <command>`: the commands of the gateway, and `seed`, for the installation of a data folder. */
import { formatError } from './lib/errors.mjs';
import { createProgress } from './lib/progress.mjs';
import { runSeed } from './lib/seed/seed.mjs';
import { stopOnSignals } from './lib/stop-signals.mjs';
import { runningInstallation, runWag } from './lib/wag.mjs';

try {
  const { argv, env } = process;
  const args = argv.slice(2);
  if (args[0] === 'seed') {
    const { gateway, sandbox, admin } = runningInstallation(env);
    const addresses = { gatewayUrl: gateway, sandboxUrl: sandbox, sandboxToken: env.SANDBOX_TOKEN };
    await runSeed({ ...addresses, admin, signal: stopOnSignals() }, createProgress());
    process.exit();
  }
  process.exitCode = await runWag(args, env);
} catch (error) {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
}
