/** The command line of `npm start` and `npm run dev`. */
import { LaunchError } from './errors.mjs';
import { DEFAULT_MODE, isMode, MODES } from './modes.mjs';

/** What one machine can reasonably run. */
const MOST = { '--gateways': 16, '--workers': 64 };

/** Few processes, so that a reload is quick. */
const DEV_MODE = 'minimal';

export const START_HELP = `Usage: npm start -- [options]

Starts wa-gate on this machine: a private PostgreSQL and Redis, the sandbox, the gateway and two workers.
Everything listens on loopback and stores its data in .wa-gate/. Ctrl-C stops it.

Options
  --mode <name>       minimal: one worker, no demonstration · standard (default): two workers · advanced: and the jobs in a process of
                      their own · enterprise: and two gateways, three workers
  --gateways <n>      so many gateways instead of those of the mode (1 to 16)
  --workers <n>       so many workers of the sandbox instead of those of the mode (1 to 64)
  --no-demo           do not run the demonstration
  --live              add a worker for the real WhatsApp
  --exit-after-demo   stop after the demonstration; the exit code tells whether it worked (also: SMOKE=1)
  --observe           run a private Prometheus that reads the metrics of all processes, with our alert rules; prints its URL
  --ffmpeg            fetch ffmpeg once (160 MB, nothing is installed), so that every sound and video can be converted; later
                      starts find it
  --verbose           show the logs of all processes
  --dev               run the sources unbuilt and start each app anew when they change (npm run dev); mode minimal by default
  --inspect           with --dev: each process listens for a debugger, from port 9229 on
  --seed              make accounts, sessions, chats and messages to look at; a second time changes nothing
  --restored          the data folder is a copy from before: keys that are behind what was sent are renewed first (docs/backup.md)
  --help              this text

Environment (or the file .env in this folder; docs/configuration.md has all variables)
  PORT                port of the gateway (default: 8000, or the next free one)
  HOST                address of the gateway (default: 127.0.0.1)
  DATA_DIR            folder of all data (default: .wa-gate)
  DATABASE_URL        use this PostgreSQL instead of a private one
  REDIS_URL           use this Redis instead of a private one
  PROMETHEUS_PORT     port of the Prometheus of --observe (default: a free one, kept over restarts)
  SANDBOX_URL         use the sandbox that runs there
  WAG_MASTER_KEY      32 bytes in base64 (default: generated once, kept in DATA_DIR/secrets); older keys after commas
  ADMIN_EMAIL         first administrator (default: admin@wa-gate.local; the password is generated)
  SMTP_HOST ...       mail server (default: mails are files in DATA_DIR/mail)
`;

/**
 * @typedef {object} StartOptions
 * @property {boolean} help
 * @property {import('./modes.mjs').ModeName} mode
 * @property {number | undefined} gateways instead of those of the mode
 * @property {number | undefined} workers instead of those of the mode
 * @property {boolean} demo
 * @property {boolean} live
 * @property {boolean} exitAfterDemo
 * @property {boolean} verbose
 * @property {boolean} dev
 * @property {boolean} inspect
 * @property {boolean} seed
 * @property {boolean} observe
 * @property {boolean} ffmpeg
 * @property {boolean} restored
 */

/**
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @returns {StartOptions}
 */
export function parseStartArguments(argv, env) {
  const given = takeValues(argv);
  const options = {
    help: false,
    mode: given.mode,
    gateways: given.gateways,
    workers: given.workers,
    demo: true,
    live: false,
    exitAfterDemo: env.SMOKE === '1',
    verbose: false,
    dev: argv.includes('--dev'),
    inspect: false,
    seed: false,
    observe: false,
    ffmpeg: false,
    restored: false,
  };
  let isUnwanted = false;
  /** @type {Record<string, () => void>} */
  const flags = {
    '--help': () => (options.help = true),
    '-h': () => (options.help = true),
    '--no-demo': () => (isUnwanted = true),
    '--live': () => (options.live = true),
    '--exit-after-demo': () => (options.exitAfterDemo = true),
    '--verbose': () => (options.verbose = true),
    '--dev': () => {},
    '--inspect': () => (options.inspect = true),
    '--seed': () => (options.seed = true),
    '--observe': () => (options.observe = true),
    '--ffmpeg': () => (options.ffmpeg = true),
    '--restored': () => (options.restored = true),
  };
  for (const argument of given.rest) {
    const apply = Object.hasOwn(flags, argument) ? flags[argument] : undefined;
    if (!apply)
      throw new LaunchError(`Unknown option ${argument}.`, { hint: 'npm start -- --help shows the options.' });
    apply();
  }
  options.demo = !isUnwanted && (MODES[given.mode].demo || options.exitAfterDemo);
  if (options.inspect && !options.dev) throw new LaunchError('--inspect goes with --dev: npm run dev -- --inspect.');
  if (options.observe && env.ENABLE_METRICS === 'false') {
    throw new LaunchError('--observe and ENABLE_METRICS=false contradict each other: there would be nothing to see.');
  }
  if (options.exitAfterDemo && isUnwanted) {
    throw new LaunchError('--no-demo and --exit-after-demo contradict each other.');
  }
  return options;
}

/**
 * Parses the options with a value, `--mode <name>` or `--mode=<name>`; returns the other arguments, too.
 * @param {readonly string[]} argv
 * @returns {{ mode: import('./modes.mjs').ModeName, gateways: number | undefined, workers: number | undefined, rest:
 *   string[] }}
 */
function takeValues(argv) {
  const rest = [];
  /** @type {Record<string, string>} */
  const values = { '--mode': argv.includes('--dev') ? DEV_MODE : DEFAULT_MODE };
  for (let index = 0; index < argv.length; index += 1) {
    const [name = '', ...value] = (argv[index] ?? '').split('=');
    if (name !== '--mode' && !Object.hasOwn(MOST, name)) rest.push(argv[index] ?? '');
    else values[name] = value.length > 0 ? value.join('=') : (argv[++index] ?? '');
  }
  return {
    mode: modeOf(values['--mode'] ?? ''),
    gateways: countOf('--gateways', values['--gateways']),
    workers: countOf('--workers', values['--workers']),
    rest,
  };
}

/** @param {string} mode */
function modeOf(mode) {
  if (isMode(mode)) return mode;
  throw new LaunchError(`--mode ${mode || 'without a name'} is not known.`, {
    hint: `Choose one of ${Object.keys(MODES).join(', ')}.`,
  });
}

/**
 * @param {keyof typeof MOST} option
 * @param {string | undefined} text
 */
function countOf(option, text) {
  if (text === undefined) return undefined;
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST[option]) return count;
  throw new LaunchError(`${option} ${text || 'without a number'} is not possible.`, {
    hint: `Give a number from 1 to ${MOST[option]}, such as: npm start -- ${option} 2`,
  });
}
