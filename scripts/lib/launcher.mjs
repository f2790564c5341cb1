/** `npm start`: one data folder, everything started in the order of dependencies, watched, and stopped in order. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bringUp } from './bring-up.mjs';
import { dataDirPath, openDataDir } from './data-dir.mjs';
import { Reloader } from './dev/reloader.mjs';
import { watchDisk } from './disk.mjs';
import { errorCode, LaunchError, StoppedError } from './errors.mjs';
import { readJson } from './files.mjs';
import { takeLockInTurn } from './lock.mjs';
import { watchLogs } from './log-watch.mjs';
import { createLoginLink } from './login-link.mjs';
import { rotateLog } from './logs.mjs';
import { releasePorts } from './port-reservations.mjs';
import { endLeftovers, openJournal } from './process-journal.mjs';
import { seconds } from './progress.mjs';
import { readGatewayUrl, setDamagedRunFileAside, writeRunFile } from './run-file.mjs';
import { Supervisor } from './supervisor.mjs';

const LEFTOVER_GRACE_MS = 8_500;

/**
 * @typedef {object} LaunchOptions
 * @property {import('./arguments.mjs').StartOptions} options
 * @property {NodeJS.ProcessEnv} env
 * @property {import('./progress.mjs').Progress} progress
 * @property {AbortSignal} stop aborted by the stop of the user
 * @property {(running: Running) => Promise<boolean>} demo resolves with whether it worked
 * @property {(running: SeedOptions) => Promise<void>} [seed] makes accounts, sessions and messages to look at
 * @property {import('./services.mjs').ServiceDefinition[]} [services] instead of our own, in tests
 * @property {() => Promise<void>} [prepare] instead of installing, building and migrating, in tests
 * @property {() => Promise<import('./stored-state.mjs').StoredState>} [storedState] instead of asking the database,
 *   in tests
 *
 * @typedef {import('./seed/seed.mjs').SeedOptions} SeedOptions
 *
 * @typedef {object} Running what the demonstration gets
 * @property {string} gatewayUrl
 * @property {string} sandboxUrl
 * @property {string | undefined} sandboxToken
 * @property {string} demoFile where it keeps what it needs for the next time
 * @property {number} receiverPort for its webhook receiver
 * @property {AbortSignal} signal ends when everything stops
 */

/**
 * Runs until everything is stopped again.
 * @param {LaunchOptions} launch
 * @returns {Promise<number>} the exit code
 */
export async function runLauncher(launch) {
  const { env, progress } = launch;
  const dataDir = openDataDir(dataDirPath(env));
  const lock = await takeLockInTurn(dataDir.lock, {
    signal: launch.stop,
    onWait: () => progress.say('Waiting for the wa-gate that is just stopping in this folder ...'),
  });
  if (!lock) throw alreadyRunning(dataDir);
  try {
    await cleanUp(dataDir, progress);
    return await superviseUntilStopped(launch, dataDir, lock);
  } finally {
    // Before the lock: who waits for it chooses its port right behind it.
    releasePorts();
    lock.release();
  }
}

/** @param {import('./data-dir.mjs').DataDir} dataDir */
function alreadyRunning(dataDir) {
  const url = readGatewayUrl(dataDir.run);
  return new LaunchError(
    url === undefined
      ? `wa-gate is just being started in ${dataDir.path} by another command.`
      : `wa-gate already runs in ${dataDir.path}: ${url}`,
    { hint: 'Stop that one first, or start a second installation with another folder: DATA_DIR=<folder> npm start.' },
  );
}

/**
 * Cleans up after a crash: remaining processes, damaged files, old logs.
 * @param {import('./data-dir.mjs').DataDir} dataDir
 * @param {import('./progress.mjs').Progress} progress
 */
async function cleanUp(dataDir, progress) {
  const { ended, damaged } = await endLeftovers(dataDir.processes, { graceMs: LEFTOVER_GRACE_MS });
  if (ended.length > 0) progress.say(`Ended what an earlier start left running: ${ended.join(', ')}.`);
  if (damaged) progress.warn(`${dataDir.processes} is damaged: processes of an earlier start may still run.`);
  setDamagedRunFileAside(dataDir.run, progress.warn);
  for (const name of readdirSync(dataDir.logs)) {
    if (name.endsWith('.log')) rotateLog(join(dataDir.logs, name));
  }
}

/**
 * @param {LaunchOptions} launch
 * @param {import('./data-dir.mjs').DataDir} dataDir
 * @param {import('./lock.mjs').Lock} lock
 */
async function superviseUntilStopped(launch, dataDir, lock) {
  const { options, progress } = launch;
  const journal = openJournal(dataDir.processes, progress.warn);
  // Aborted by the stop of the user, or by the first failure without a remedy.
  const ending = new AbortController();
  /** @type {Error | undefined} */
  let fatal;
  const userStops = () => ending.abort();
  if (launch.stop.aborted) userStops();
  launch.stop.addEventListener('abort', userStops, { once: true });

  /** @type {import('./services.mjs').Installation | undefined} */
  let installation;
  const publish = () => {
    if (!installation) return;
    try {
      writeRunFile(dataDir.run, describeRun(installation, dataDir, supervisor.processes));
    } catch (error) {
      progress.warn(`${dataDir.run} cannot be written (${errorCode(error)}): it is out of date.`);
    }
  };
  const supervisor = new Supervisor({
    journal,
    progress,
    onChange: publish,
    onFatal: (error) => {
      fatal ??= error;
      ending.abort();
    },
  });
  const reloader = options.dev ? new Reloader({ supervisor, progress, inspect: options.inspect }) : undefined;
  const stopFollowing = watchLogs(dataDir, options.verbose, progress);
  const stopWatchingDisk = watchDisk(dataDir.path, progress);
  try {
    const begun = performance.now();
    installation = await bringUp(launch, { dataDir, journal, supervisor, reloader, signal: ending.signal });
    publish();
    progress.say(`wa-gate is up after ${seconds(performance.now() - begun)}.`);
    reloader?.watch();
    if (options.seed) await runSeed(launch, installation, ending.signal);
    const link = launch.prepare ? undefined : linkTo(installation, { env: launch.env, signal: ending.signal, journal });
    const demoWorked = !options.demo || (await runDemo(launch, installation, ending.signal));
    publish();
    if (options.exitAfterDemo) return demoWorked && !fatal ? 0 : 1;
    announce(installation, await link, progress);
    await aborted(ending.signal);
    if (fatal) throw fatal;
    return 0;
  } catch (error) {
    // The first end is the cause; later failures are its effects.
    throw fatal ?? error;
  } finally {
    launch.stop.removeEventListener('abort', userStops);
    const stopping = performance.now();
    announceStop(lock);
    reloader?.stop();
    const hadProcesses = supervisor.processes.length > 0;
    if (hadProcesses) progress.say('Stopping ...');
    await supervisor.stop();
    publish();
    stopFollowing();
    stopWatchingDisk();
    if (hadProcesses) progress.say(`Everything is stopped (${seconds(performance.now() - stopping)}).`);
  }
}

/** @param {import('./lock.mjs').Lock} lock */
function announceStop(lock) {
  try {
    lock.announceStop();
  } catch {
    // On a full disk another launcher is refused for these seconds instead of waiting.
  }
}

/**
 * @param {LaunchOptions} launch
 * @param {import('./services.mjs').Installation} installation
 * @param {AbortSignal} signal
 */
async function runDemo({ demo, progress }, installation, signal) {
  if (!installation.hasSandboxWorkers) {
    progress.warn('The demonstration is left out: no worker of the sandbox runs.');
    return false;
  }
  try {
    return await demo({
      gatewayUrl: installation.gateway.url,
      sandboxUrl: installation.sandboxUrl,
      sandboxToken: installation.env.SANDBOX_TOKEN,
      demoFile: installation.dataDir.demo,
      receiverPort: installation.ports.demo ?? 0,
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw new StoppedError('demonstration', { cause: error });
    progress.warn(`The demonstration failed: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/**
 * @param {LaunchOptions} launch
 * @param {import('./services.mjs').Installation} installation
 * @param {AbortSignal} signal
 */
async function runSeed({ seed, progress }, installation, signal) {
  try {
    await seed?.({
      gatewayUrl: installation.gateway.url,
      sandboxUrl: installation.sandboxUrl,
      sandboxToken: installation.env.SANDBOX_TOKEN,
      admin: installation.admin,
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw new StoppedError('seed', { cause: error });
    progress.warn(`The seed failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * @param {import('./services.mjs').Installation} installation
 * @param {import('./data-dir.mjs').DataDir} dataDir
 * @param {{ name: string, pid: number, url: string }[]} processes
 * @returns {import('./run-file.mjs').RunFile}
 */
function describeRun(installation, dataDir, processes) {
  const { gateway, sandboxUrl, databaseUrl, redisUrl, admin, prometheusUrl = null } = installation;
  const file = readJson(dataDir.demo);
  const known = file.state === 'ok' ? file.value : undefined;
  const demo = known ? { sessionId: known.sessionId, apiKey: known.apiKey, phone: known.phone } : null;
  return {
    gateway: gateway.url,
    sandbox: sandboxUrl,
    databaseUrl,
    redisUrl,
    prometheus: prometheusUrl,
    processes,
    admin,
    demo,
  };
}

/**
 * @param {import('./services.mjs').Installation} installation
 * @param {import('./commands.mjs').CommandContext} context
 */
const linkTo = ({ databaseUrl, secrets, gateway, admin }, context) =>
  createLoginLink({ databaseUrl, masterKey: secrets.masterKey, gatewayUrl: gateway.url, email: admin.email }, context);

/**
 * @param {import('./services.mjs').Installation} installation
 * @param {string | undefined} link to the dashboard
 * @param {import('./progress.mjs').Progress} progress
 */
function announce({ gateway, furtherGateways, sandboxUrl, admin, dataDir, prometheusUrl }, link, progress) {
  progress.say(
    [
      '',
      ...(link === undefined
        ? []
        : [`Dashboard      ${link}${link.includes('#') ? '  (logged in; good once, for an hour)' : ''}`]),
      `Gateway        ${gateway.url}  (API reference: ${gateway.url}/docs)`,
      ...(furtherGateways.length > 0 ? [`Also           ${furtherGateways.join(', ')}  (the same API)`] : []),
      `Sandbox        ${sandboxUrl}  (control API: ${sandboxUrl}/docs)`,
      ...(prometheusUrl === undefined
        ? []
        : [
            `Prometheus     ${prometheusUrl}  (alerts: ${prometheusUrl}/alerts; what to ask it: docs/observability.md)`,
          ]),
      `Administrator  ${admin.email} / ${admin.password}`,
      `Data, logs     ${dataDir.path}  (addresses and credentials: run.json; mails: mail/)`,
      'Ctrl-C stops everything.',
    ].join('\n'),
  );
}

/** @param {AbortSignal} signal */
function aborted(signal) {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}
