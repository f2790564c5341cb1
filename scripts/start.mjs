#!/usr/bin/env node
/** `npm start` and `npm run dev`. It needs only Node, because it runs before anything is installed. */
import { join } from 'node:path';
import { runDemo } from './demo.mjs';
import { parseStartArguments, START_HELP } from './lib/arguments.mjs';
import { formatError, StoppedError } from './lib/errors.mjs';
import { requireNode } from './lib/install.mjs';
import { runLauncher } from './lib/launcher.mjs';
import { ROOT } from './lib/paths.mjs';
import { createProgress } from './lib/progress.mjs';
import { runSeed } from './lib/seed/seed.mjs';
import { stopOnSignals } from './lib/stop-signals.mjs';

// A closed terminal must not end this process before everything is stopped.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const progress = createProgress();
const stop = stopOnSignals();

/** @param {unknown} error */
function report(error) {
  if (!(error instanceof StoppedError)) process.stderr.write(`${formatError(error)}\n`);
}

// A defect must not leave processes behind: it is reported, and everything is stopped in order.
let hasDefect = false;
process.on('uncaughtException', (error) => {
  hasDefect = true;
  report(error);
  process.emit('SIGTERM', 'SIGTERM');
});

try {
  requireNode(process.versions.node);
  const { withEnvFile } = await import('./lib/env-file.mjs'); // needs what the line before has asked for
  const env = withEnvFile(process.env, join(ROOT, '.env'));
  const options = parseStartArguments(process.argv.slice(2), env);
  if (options.help) progress.say(START_HELP);
  else
    process.exitCode = await runLauncher({
      options,
      env,
      progress,
      stop,
      demo: (running) => runDemo(running, progress),
      seed: (running) => runSeed(running, progress),
    });
} catch (error) {
  report(error);
  process.exitCode = error instanceof StoppedError ? 130 : 1;
}
// Kept-alive connections would hold a finished process for seconds.
process.exit(hasDefect ? 1 : process.exitCode);
