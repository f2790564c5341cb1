/** The command line of `npm start`. */
import { LaunchError } from './errors.mjs';

export const START_HELP = `Usage: npm start -- [options]

Starts wa-gate on this machine: a private PostgreSQL and Redis, the sandbox, the gateway and two workers.
Everything listens on loopback and stores its data in .wa-gate/. Ctrl-C stops it.

Options
  --no-demo           do not run the demonstration
  --live              add a worker for the real WhatsApp
  --exit-after-demo   stop after the demonstration; the exit code tells whether it worked (also: SMOKE=1)
  --verbose           show the logs of all processes
  --help              this text

Environment
  PORT                port of the gateway (default: 8000, or the next free one)
  HOST                address of the gateway (default: 127.0.0.1)
  DATA_DIR            folder of all data (default: .wa-gate)
  DATABASE_URL        use this PostgreSQL instead of a private one
  REDIS_URL           use this Redis instead of a private one
  SANDBOX_URL         use the sandbox that runs there
  WAG_MASTER_KEY      32 bytes in base64 (default: generated once, kept in DATA_DIR/secrets); older keys after commas
  ADMIN_EMAIL         first administrator (default: admin@wa-gate.local; the password is generated)
  SMTP_HOST ...       mail server (default: mails are files in DATA_DIR/mail)
`;

/** @typedef {{ help: boolean, demo: boolean, live: boolean, exitAfterDemo: boolean, verbose: boolean }} StartOptions */

/**
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @returns {StartOptions}
 */
export function parseStartArguments(argv, env) {
  const options = { help: false, demo: true, live: false, exitAfterDemo: env.SMOKE === '1', verbose: false };
  /** @type {Record<string, () => void>} */
  const flags = {
    '--help': () => (options.help = true),
    '-h': () => (options.help = true),
    '--no-demo': () => (options.demo = false),
    '--live': () => (options.live = true),
    '--exit-after-demo': () => (options.exitAfterDemo = true),
    '--verbose': () => (options.verbose = true),
  };
  for (const argument of argv) {
    const apply = Object.hasOwn(flags, argument) ? flags[argument] : undefined;
    if (!apply)
      throw new LaunchError(`Unknown option ${argument}.`, { hint: 'npm start -- --help shows the options.' });
    apply();
  }
  if (options.exitAfterDemo && !options.demo) {
    throw new LaunchError('--no-demo and --exit-after-demo contradict each other.');
  }
  return options;
}
