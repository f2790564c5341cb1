/** `npm test`: build, private databases, vitest with the checks beside it, and the counts. */
import { lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { AGAINST_BUILT } from './built-sources.mjs';
import { runCommand, runToEnd } from './commands.mjs';
import { openDataDir } from './data-dir.mjs';
import { provideDatabases } from './databases.mjs';
import { formatError, LaunchError, StoppedError } from './errors.mjs';
import { FILE_TIMES } from './file-times-reporter.mjs';
import { installDependencies } from './install.mjs';
import { takeLockInTurn } from './lock.mjs';
import { binPath, ROOT, toolEnvironment } from './paths.mjs';
import { keepPorts } from './ports.mjs';
import { endLeftovers, openJournal } from './process-journal.mjs';
import { seconds } from './progress.mjs';
import { ALONE, SCENARIOS, SIDE_BY_SIDE } from './scenarios.mjs';
import { loadSecrets } from './secrets.mjs';
import { Supervisor } from './supervisor.mjs';
import { BOTH, projectsOf, UNIT_WITH_INTEGRATION } from './test-projects.mjs';
import { afterSecondRun, failed, readTestReport, sumOutcomes } from './test-report.mjs';

/** Separate from the data folder of `npm start`, and removed with node_modules. */
const TEST_FOLDER = join(ROOT, 'node_modules', '.cache', 'wa-gate-test');
const REPORTERS = [
  '--reporter=default',
  '--reporter=json',
  `--reporter=${join(import.meta.dirname, 'file-times-reporter.mjs')}`,
];
/** @type {readonly [title: string, tool: string, ...args: string[]][]} */
const CHECKS = [
  ['Format', 'biome', 'check', '.'],
  ['Types of the scripts', 'tsc', '-p', 'scripts/tsconfig.json'],
  ['Dead code', 'knip', '--no-progress', '--no-config-hints'],
  ['Lint', 'oxlint', '--type-aware'],
];
/** More failed files than these are no chance: they do not run a second time. */
const MOST_AGAIN = 8;
/** Of these a single failure counts: they search by chance for what must never happen. */
const NEVER_AGAIN = ['apps/e2e/chaos/', 'apps/e2e/security/fuzz/'];
const LEFTOVER_GRACE_MS = 2_000;
const MAINTENANCE_DATABASE = 'postgres';
/** A file system in memory, where Linux has one. */
const MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
/** The minimum of free bytes there, many times the size of the test databases. Containers often have 64 MB. */
const MEMORY_BYTES = 2 * 1024 ** 3;

/** @typedef {import('./test-report.mjs').Outcome} Outcome */

/**
 * @typedef {object} TestRun
 * @property {readonly string[]} vitestArguments given by the user: only these tests are run, and no checks
 * @property {boolean} full all end-to-end scenarios instead of the smoke alone
 * @property {NodeJS.ProcessEnv} env
 * @property {import('./progress.mjs').Progress} progress
 * @property {import('./phases.mjs').Phases} phases
 * @property {AbortSignal} stop
 */

/**
 * @param {TestRun} run
 * @returns {Promise<Outcome>}
 */
export async function runTests(run) {
  const { env, progress, phases, stop } = run;
  await phases.time('Packages', () => installDependencies({ env, progress, signal: stop }));
  const dataDir = openDataDir(TEST_FOLDER);
  const lock = await takeLockInTurn(dataDir.lock, { signal: stop, onWait: () => {} });
  if (!lock) throw new LaunchError('Another npm test runs in this checkout.', { hint: 'Wait until it has ended.' });
  try {
    await endLeftovers(dataDir.processes, { graceMs: LEFTOVER_GRACE_MS });
    removeCluster(dataDir.postgres);
    for (const folder of [dataDir.redis, dataDir.secrets, dataDir.logs]) {
      rmSync(folder, { recursive: true, force: true });
    }
    mkdirSync(dataDir.logs, { mode: 0o700 });
    placeCluster(dataDir.postgres);
    return await runWithDatabases(run, dataDir);
  } finally {
    removeCluster(dataDir.postgres);
    lock.release();
  }
}

/**
 * Puts the cluster into memory when there is room. Tests make and drop hundreds of databases of seven hundred files
 * each, for which a disk takes longer than PostgreSQL for the tests. A link in the data folder leads to the files.
 * @param {string} folder of the data folder
 */
function placeCluster(folder) {
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY);
    if (type !== TMPFS || bavail * bsize < MEMORY_BYTES) return;
    symlinkSync(mkdtempSync(join(MEMORY, 'wa-gate-test-')), folder);
  } catch {
    // Not available or not permitted: the data folder is used.
  }
}

/** @param {string} folder of the data folder: the cluster, or the link to it */
function removeCluster(folder) {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink()) rmSync(readlinkSync(folder), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {TestRun} run
 * @param {import('./data-dir.mjs').DataDir} dataDir
 * @returns {Promise<Outcome>}
 */
async function runWithDatabases(run, dataDir) {
  const { env, progress, phases, stop } = run;
  const journal = openJournal(dataDir.processes, progress.warn);
  const ending = new AbortController();
  stop.addEventListener('abort', () => ending.abort(), { once: true });
  /** @type {Error | undefined} */
  let fatal;
  const supervisor = new Supervisor({
    journal,
    progress,
    onChange: () => {},
    onFatal: (error) => {
      fatal = error;
      ending.abort();
    },
  });
  const context = { env, signal: ending.signal, journal };
  try {
    const [, { databaseUrl, redisUrl }] = await together([
      phases.time('Build', () => build({ progress, ...context })),
      phases.time('Databases', async () =>
        provideDatabases({
          external: { postgres: env.TEST_DATABASE_URL, redis: env.TEST_REDIS_URL },
          database: MAINTENANCE_DATABASE,
          dataDir,
          secrets: loadSecrets(dataDir.secrets, { hasData: false, env }),
          ports: await keepPorts(dataDir.ports, ['postgres', 'redis']),
          durable: false,
          progress: { ...progress, step: (_title, work) => work(() => {}) },
          context,
          start: (spec) => supervisor.start(spec, ending.signal),
        }),
      ),
    ]);
    const testEnv = { ...toolEnvironment(env), TEST_DATABASE_URL: databaseUrl, TEST_REDIS_URL: redisUrl };
    const outcomes = await together([
      runAllVitests(run, dataDir, { ...context, env: testEnv }),
      runChecks(run, { ...context, env: toolEnvironment(env) }),
    ]);
    return sumOutcomes(outcomes);
  } catch (error) {
    throw fatal ?? error;
  } finally {
    await supervisor.stop();
  }
}

/**
 * Waits for all works, also when one fails: none runs on while the failure is handled.
 * @template {readonly unknown[]} T
 * @param {{ [K in keyof T]: Promise<T[K]> }} works
 * @returns {Promise<T>}
 */
async function together(works) {
  await Promise.allSettled(works);
  return /** @type {any} */ (await Promise.all(works));
}

/**
 * Runs the checks one after the other, at low priority: they take the CPU time in which the tests wait. They come after
 * the build, because lint with types reads what the build generates. A failed check counts like a failed test.
 * @param {TestRun} run
 * @param {import('./commands.mjs').CommandContext} context
 * @returns {Promise<Outcome>}
 */
async function runChecks({ vitestArguments, progress, phases }, context) {
  /** @type {Outcome[]} */
  const failures = [];
  for (const [title, tool, ...args] of vitestArguments.length > 0 ? [] : CHECKS) {
    try {
      await phases.time(title, () => runCommand({ title, command: binPath(tool), args, yielding: true }, context));
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      progress.say(formatError(error));
      failures.push(failed(title, formatError(error)));
    }
  }
  return sumOutcomes(failures);
}

/**
 * @param {TestRun} run
 * @param {import('./data-dir.mjs').DataDir} dataDir
 * @param {import('./commands.mjs').CommandContext} context
 * @returns {Promise<Outcome>}
 */
async function runAllVitests(run, dataDir, context) {
  const outcomes = [];
  for (const { title, args, env } of vitestRuns(run)) {
    const inEnvironment = { ...context, env: { ...context.env, ...env } };
    /**
     * @param {string} title
     * @param {readonly string[]} args
     * @param {import('./commands.mjs').CommandContext} context
     */
    const timed = (title, args, context) =>
      run.phases.time(title, () => runVitest(title, args, dataDir, run.progress, context));
    const first = await timed(title, args, inEnvironment);
    const again = run.vitestArguments.length > 0 ? [] : filesToRunAgain(first);
    if (again.length === 0) outcomes.push(first);
    else {
      // Without the group: scenarios that are named run one after the other.
      const withoutGroup = { ...context, env: { ...inEnvironment.env, [SCENARIOS]: undefined } };
      outcomes.push(afterSecondRun(first, await timed(`${title}, a second time`, [...args, ...again], withoutGroup)));
    }
  }
  return sumOutcomes(outcomes);
}

/**
 * The failed files, when they may have failed by chance. A machine that others load fails one test in some thousands;
 * the end of the output names each of them.
 * @param {Outcome} outcome
 * @returns {string[]}
 */
function filesToRunAgain({ failures, failedFiles }) {
  const paths = failedFiles.map(({ path }) => path);
  const isByChance =
    paths.length <= MOST_AGAIN &&
    failures.every(({ where }) => paths.some((path) => where.startsWith(path))) &&
    !paths.some((path) => NEVER_AGAIN.some((folder) => path.startsWith(folder)));
  return isByChance ? paths : [];
}

/** @typedef {{ title: string, args: readonly string[], env?: NodeJS.ProcessEnv }} VitestRun */

/**
 * @param {TestRun} run
 * @returns {VitestRun[]}
 */
function vitestRuns({ vitestArguments, full }) {
  if (vitestArguments.length > 0) {
    return [{ title: 'Tests', args: vitestArguments, env: projectsOf(vitestArguments) }];
  }
  const fast = ['--project', BOTH, '--project', 'sandbox'];
  const scenarios = [SIDE_BY_SIDE, ALONE].map((group) => ({
    title: `Scenarios that stand ${group}`,
    args: ['--project', 'e2e'],
    env: { [SCENARIOS]: group },
  }));
  return [
    { title: 'Unit and integration tests', args: fast, env: { [UNIT_WITH_INTEGRATION]: '1' } },
    ...(full ? scenarios : [{ title: 'Smoke test', args: ['--project', 'e2e', 'apps/e2e/smoke'] }]),
  ];
}

/**
 * @param {string} title
 * @param {readonly string[]} args
 * @param {import('./data-dir.mjs').DataDir} dataDir
 * @param {import('./progress.mjs').Progress} progress
 * @param {import('./commands.mjs').CommandContext} context
 * @returns {Promise<Outcome>}
 */
async function runVitest(title, args, dataDir, progress, context) {
  const report = join(dataDir.path, 'vitest.json');
  const times = join(dataDir.path, 'file-times.json');
  for (const file of [report, times]) rmSync(file, { force: true });
  progress.say(`- ${title}`);
  const begun = performance.now();
  const { code } = await runToEnd(
    {
      title,
      command: binPath('vitest'),
      args: ['run', ...REPORTERS, `--outputFile.json=${report}`, ...args],
      inherit: true,
    },
    { ...context, env: { ...context.env, [FILE_TIMES]: times, [AGAINST_BUILT]: '1' } },
  );
  const outcome = readTestReport(title, report, code === 0, times);
  const { counts } = outcome;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  progress.say(`  ${counts.passed} passed, ${counts.failed} failed${skipped} in ${seconds(performance.now() - begun)}`);
  return outcome;
}
