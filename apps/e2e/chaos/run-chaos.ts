import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unpromisedEvents } from '@wa-gate/testkit';
import { type Fleet, startFleet } from '../harness/fleet.ts';
import { prepareServices } from '../harness/services.ts';
import { startPrivateDatabases } from '../load/measure/private-databases.ts';
import { gatherCast } from './cast.ts';
import { EventLedger } from './event-ledger.ts';
import { strike } from './faults.ts';
import { History } from './history.ts';
import { judge, type Verdict } from './judge.ts';
import type { ChaosOptions } from './options.ts';
import { FAULT_KINDS, type PlannedFault, planFaults } from './plan.ts';
import { untilQuiet, untilWhole } from './recovery.ts';
import { Traffic } from './traffic.ts';

/** The effects of a fault. */
export interface FaultReport {
  fault: PlannedFault;
  /** Seconds since the traffic began. */
  atS: number;
  /** Seconds from the fault until the fleet was whole and had caught up; `null`: it was not. */
  recoveredS: number | null;
  /** What was missing last before the fleet was whole. */
  missingLast: string | null;
  /** Messages in `sending` at the instants of the fault. */
  inSending: number;
  /** Calls that were not accepted meanwhile, by code. */
  failures: Record<string, number>;
  problem: string | null;
}

export interface ChaosReport {
  faults: FaultReport[];
  verdicts: Verdict[];
  minutes: number;
  accepted: number;
  written: number;
  placementChanges: number;
  webhookRepeats: number;
  /** Messages that a phone could not decrypt at first and requested again. */
  askedAgain: string[];
  failuresInCalm: Record<string, number>;
}

/** Milliseconds. Longer than a takeover by time, storm brake included. */
const RECOVERY_MS = 90_000;
const QUIET_MS = 120_000;
const RESTART_MS = 2_000;

/** Runs everything: fleet, traffic, faults one after the other, and the checks. */
export async function runChaos(options: ChaosOptions, say: (line: string) => void): Promise<ChaosReport> {
  const databases = await startPrivateDatabases('chaos');
  const closers: (() => Promise<unknown>)[] = [() => databases.stop()];
  try {
    const services = await prepareServices(databases);
    say(`Starting ${options.workers} workers and ${options.gateways} gateways ...`);
    const { workers, gateways } = options;
    // Room for all sessions when one worker is away.
    const maxSessions = Math.ceil(options.sessions / (workers - 1)) + 1;
    const fleet = await startFleet({ services, workers, gateways, maxSessions });
    closers.unshift(async () => {
      if (options.logs) await keepLogs(fleet, options.logs);
      await fleet.stop();
    });
    const ledger = await new EventLedger().start();
    closers.unshift(() => ledger.close());
    return await runOn(fleet, { options, databases, ledger, say });
  } finally {
    for (const close of closers) await close().catch((error: Error) => say(`While closing: ${error.message}`));
  }
}

interface Run {
  options: ChaosOptions;
  databases: Awaited<ReturnType<typeof startPrivateDatabases>>;
  ledger: EventLedger;
  say: (line: string) => void;
}

async function runOn(fleet: Fleet, { options, databases, ledger, say }: Run): Promise<ChaosReport> {
  const { system } = fleet;
  const { pool } = system.services;
  say(`Pairing ${options.sessions} sessions ...`);
  const players = await gatherCast(system, options.sessions, ledger);
  const { rows } = await pool.query<{ now: string }>('SELECT now()::text AS now');
  const history = new History(pool);
  history.start();
  const traffic = new Traffic(system, players, options);
  const watch = keepAlive(fleet, say);
  const reports: FaultReport[] = [];
  const failuresInCalm: Record<string, number> = {};
  const begun = performance.now();
  traffic.start();
  try {
    for (const fault of chosen(options)) {
      const isOver = performance.now() - begun > options.minutes * 60_000;
      if (isOver && !isOwed(fault, reports, options)) continue;
      await sleep(fault.calmMs);
      addTo(failuresInCalm, traffic.takeFailures());
      say(`${describe(fault)} ...`);
      watch.pause();
      const report = await inflict(fault);
      watch.resume();
      reports.push(report);
      say(`  ${report.problem ?? wholeAfter(report)}${listed(report.failures)}`);
    }
  } finally {
    await traffic.stop();
    watch.stop();
  }
  const minutes = (performance.now() - begun) / 60_000;
  addTo(failuresInCalm, traffic.takeFailures());
  say('Waiting until nothing is on its way ...');
  const numbers = players.map(({ phone }) => phone.number);
  const problems = await untilQuiet(fleet, numbers, QUIET_MS).then(
    () => [],
    (error: Error) => [error.message],
  );
  await history.stop();
  const verdicts = await judge({ fleet, players, traffic, ledger, history, since: rows[0]!.now });
  const unpromised = await unpromisedEvents(pool);
  const unrecovered = reports.flatMap(({ fault, problem }) => (problem ? [`${describe(fault)}: ${problem}`] : []));
  return {
    faults: reports,
    verdicts: [
      ...verdicts,
      { what: 'events that are not as promised', count: unpromised.length, examples: unpromised.slice(0, 5) },
      { what: 'faults that the fleet did not recover from in time', count: unrecovered.length, examples: unrecovered },
      { what: 'processes that ended by themselves', count: watch.ends.length, examples: watch.ends.slice(0, 5) },
      { what: 'sends that were given up', count: traffic.givenUp, examples: [] },
      { what: 'things still on their way at the end', count: problems.length, examples: problems },
    ],
    minutes,
    accepted: traffic.acceptedCount,
    written: traffic.written.length,
    placementChanges: history.changes,
    webhookRepeats: ledger.repeats,
    askedAgain: (await system.sandbox.unreadable()).map((record) => JSON.stringify(record)),
    failuresInCalm,
  };

  async function inflict(fault: PlannedFault): Promise<FaultReport> {
    const struck = performance.now();
    const atS = (struck - begun) / 1_000;
    let inSending = 0;
    const onStrike = async () => {
      inSending += await history.sampleSending();
    };
    let missingLast: string | null = null;
    let problem: string | null = null;
    try {
      await strike(fault, { fleet, databases, onStrike });
      missingLast = await untilWhole(fleet, options.sessions, RECOVERY_MS);
    } catch (error) {
      problem = (error as Error).message;
    }
    const recoveredS = problem ? null : (performance.now() - struck) / 1_000;
    return { fault, atS, recoveredS, missingLast, inSending, failures: traffic.takeFailures(), problem };
  }
}

function wholeAfter({ recoveredS, missingLast }: FaultReport): string {
  return `whole after ${recoveredS?.toFixed(1)} s${missingLast ? ` (${missingLast})` : ''}`;
}

async function keepLogs({ system }: Fleet, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, log } of system.processes) await copyFile(log.file, join(folder, `${name}.log`));
}

/** Restarts processes that end by themselves, as an orchestrator does, and reports such ends. */
function keepAlive(fleet: Fleet, say: (line: string) => void) {
  const ends: string[] = [];
  let isPaused = false;
  const restartEnded = async () => {
    for (const { name, isRunning, log } of fleet.system.processes) {
      if (isPaused || isRunning) continue;
      ends.push(`${name}: ${log.tail(3)}`);
      say(`! ${name} ended by itself`);
      await sleep(RESTART_MS);
      await fleet.start(name).catch((error: Error) => say(`! ${name} does not start: ${error.message}`));
    }
  };
  let isRestarting = false;
  const timer = setInterval(() => {
    if (isRestarting) return;
    isRestarting = true;
    void restartEnded().finally(() => {
      isRestarting = false;
    });
  }, 500);
  return {
    ends,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
    },
    stop: () => clearInterval(timer),
  };
}

const MAX_ROUNDS = 40;

function chosen({ seed, kinds, ...fleet }: ChaosOptions): PlannedFault[] {
  const plan = planFaults(seed, MAX_ROUNDS, fleet);
  return kinds.length === 0 ? plan : plan.filter(({ kind }) => kinds.includes(kind));
}

/** Whether more faults of this kind are required, though the time is over. */
function isOwed({ kind }: PlannedFault, done: readonly FaultReport[], { faultsOfEachKind }: ChaosOptions): boolean {
  return done.filter(({ fault }) => fault.kind === kind).length < faultsOfEachKind;
}

export const describe = ({ index, kind, target, lastsMs, end }: PlannedFault): string => {
  const how = kind === 'restart postgres' || kind === 'restart redis' ? ` (${end})` : '';
  return `#${index} ${kind} ${target}${how}${lastsMs > 0 ? ` for ${(lastsMs / 1_000).toFixed(1)} s` : ''}`;
};

const listed = (failures: Record<string, number>): string => {
  const parts = Object.entries(failures).map(([code, count]) => `${code} ×${count}`);
  return parts.length === 0 ? '' : `; refused meanwhile: ${parts.join(', ')}`;
};

function addTo(sums: Record<string, number>, more: Record<string, number>): void {
  for (const [code, count] of Object.entries(more)) sums[code] = (sums[code] ?? 0) + count;
}

/** The count of faults by kind. */
export const countByKind = (reports: readonly FaultReport[]): Map<string, number> =>
  new Map(FAULT_KINDS.map((kind) => [kind, reports.filter(({ fault }) => fault.kind === kind).length]));
