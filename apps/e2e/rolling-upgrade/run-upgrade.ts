import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatherCast } from '../chaos/cast.ts';
import { EventLedger } from '../chaos/event-ledger.ts';
import { History } from '../chaos/history.ts';
import { judge, type Verdict } from '../chaos/judge.ts';
import { untilQuiet, untilWhole } from '../chaos/recovery.ts';
import { Traffic } from '../chaos/traffic.ts';
import { migrate, ownCheckout, programOf, runFrom } from '../harness/checkout.ts';
import { type Fleet, startFleet } from '../harness/fleet.ts';
import { prepareServices } from '../harness/services.ts';
import { startPrivateDatabases } from '../load/measure/private-databases.ts';
import type { UpgradeOptions } from './options.ts';
import { Readers } from './readers.ts';
import type { Step } from './steps.ts';

export interface UpgradeReport {
  steps: Step[];
  verdicts: Verdict[];
  accepted: number;
  written: number;
}

const WHOLE_MS = 120_000;
const QUIET_MS = 120_000;
const GRACE_MS = 30_000;
const SEED = 1;

/**
 * Starts the version before, migrates under its feet, and replaces its processes one by one, workers first, while
 * messages go both ways. The sandbox is ours from the beginning: it stands for WhatsApp.
 */
export async function runUpgrade(
  options: UpgradeOptions,
  previous: string,
  say: (line: string) => void,
): Promise<UpgradeReport> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const databases = await startPrivateDatabases('rolling-upgrade');
    closers.unshift(() => databases.stop());
    const services = await prepareServices(databases, previous);
    say('Database of the version before is there. Starting its processes ...');
    const { workers, gateways, sessions } = options;
    const fleet = await startFleet({
      services,
      workers,
      gateways,
      // Room for all sessions when one worker is away.
      maxSessions: Math.ceil(sessions / Math.max(1, workers - 1)) + 1,
      adapt: runFrom(`${previous}/`),
    });
    closers.unshift(async () => {
      if (options.logs) await keepLogs(fleet, options.logs);
      await fleet.stop();
    });
    const ledger = await new EventLedger().start();
    closers.unshift(() => ledger.close());
    return await upgrade(fleet, { options, ledger, say });
  } finally {
    for (const close of closers) await close().catch((error: Error) => say(`While closing: ${error.message}`));
  }
}

interface Run {
  options: UpgradeOptions;
  ledger: EventLedger;
  say: (line: string) => void;
}

async function upgrade(fleet: Fleet, { options, ledger, say }: Run): Promise<UpgradeReport> {
  const { system } = fleet;
  const { pool, databaseUrl } = system.services;
  say(`Pairing ${options.sessions} sessions ...`);
  const players = await gatherCast(system, options.sessions, ledger);
  const { rows } = await pool.query<{ now: string }>('SELECT now()::text AS now');
  const history = new History(pool);
  history.start();
  const traffic = new Traffic(system, players, { ...options, seed: SEED, strangers: false });
  const readers = new Readers(system, players);
  const steps: Step[] = [];

  async function step(name: string, act: () => Promise<unknown>): Promise<void> {
    const begun = performance.now();
    await act();
    const seconds = (performance.now() - begun) / 1_000;
    await untilWhole(fleet, options.sessions, WHOLE_MS);
    await sleep(options.calmSeconds * 1_000);
    steps.push({ name, seconds, refused: traffic.takeFailures(), reads: readers.take() });
    say(`${name}: ${seconds.toFixed(1)} s ${JSON.stringify(steps.at(-1)!.refused)}`);
  }

  /** The process of the version before ends in order, ours starts under its name and address. */
  async function replace(name: string): Promise<void> {
    await fleet.end(name, 'SIGTERM', GRACE_MS);
    const { spec } = system.process(name);
    spec.main = ownMain(name);
    await fleet.start(name);
  }

  traffic.start();
  readers.start();
  try {
    await step('version before, alone', () => sleep(0));
    await step('migration', () => migrate(ownCheckout, databaseUrl));
    const processes = [...system.workers, ...system.gateways].map(({ name }) => name);
    for (const name of processes) await step(`${name} replaced`, () => replace(name));
  } finally {
    await readers.stop();
    await traffic.stop();
  }
  say('Waiting until nothing is on its way ...');
  const numbers = players.map(({ phone }) => phone.number);
  await untilQuiet(fleet, numbers, QUIET_MS);
  await history.stop();
  const verdicts = await judge({ fleet, players, traffic, ledger, history, since: rows[0]!.now });
  const serverErrors = steps.flatMap(({ name, refused, reads }) =>
    [...Object.entries(refused), ...Object.entries(reads)]
      .filter(([code]) => code.startsWith('500') || code.startsWith('502'))
      .map(([code, count]) => `${name}: ${code} ×${count}`),
  );
  return {
    steps,
    verdicts: [
      ...verdicts,
      { what: 'requests given up', count: traffic.givenUp, examples: [] },
      { what: 'answers 500 and 502', count: serverErrors.length, examples: serverErrors },
    ],
    accepted: traffic.acceptedCount,
    written: traffic.written.length,
  };
}

const ownMain = (name: string): string => programOf(name.replace(/-\d+$/, ''));

async function keepLogs({ system }: Fleet, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, log } of system.processes) await copyFile(log.file, join(folder, `${name}.log`));
}
