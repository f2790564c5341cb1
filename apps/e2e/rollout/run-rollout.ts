import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatherCast } from '../chaos/cast.ts';
import { EventLedger } from '../chaos/event-ledger.ts';
import { History } from '../chaos/history.ts';
import { judge, type Verdict } from '../chaos/judge.ts';
import { untilQuiet, untilWhole } from '../chaos/recovery.ts';
import { Traffic } from '../chaos/traffic.ts';
import { Readers } from '../rolling-upgrade/readers.ts';
import type { Step } from '../rolling-upgrade/steps.ts';
import type { RolloutOptions } from './options.ts';
import { ALL, FAULTS, type RehearsalName } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';

/** Requests of customers, and those of them that failed: no answer, or a 5xx. */
export interface Requests {
  requests: number;
  failed: number;
}

export interface RolloutReport {
  steps: Step[];
  verdicts: Verdict[];
  accepted: number;
  written: number;
  /** Each attempt of a send counts. */
  sends: Requests;
  /** Lists, messages, timelines, and live questions to the owner of a session. */
  reads: Requests;
  minutes: number;
  /** Where it ran, with the load of the machine at the begin, at the most, and at the end. */
  machine: string;
}

/** Beside other work of the machine no message waits for long only now and then. */
const WHOLE_MS = 300_000;
const QUIET_MS = 120_000;
const SEED = 1;
/** How often the load of the machine is read. */
const LOAD_MS = 15_000;
const isFault = (name: RehearsalName): boolean => name in FAULTS;

/** Installs the production manifests, and rehearses on them while messages go both ways. */
export async function runRollout(options: RolloutOptions, say: (line: string) => void): Promise<RolloutReport> {
  const stage = await openStage({ say, logs: options.logs });
  const ledger = await new EventLedger().start();
  try {
    return await rehearse(stage, ledger, options, say);
  } catch (error) {
    say(stage.system.tails());
    throw error;
  } finally {
    await stage.close();
    await ledger.close();
  }
}

async function rehearse(
  stage: Stage,
  ledger: EventLedger,
  options: RolloutOptions,
  say: (line: string) => void,
): Promise<RolloutReport> {
  const { system, cluster, url } = stage;
  const { pool } = system.services;
  say(`Pairing ${options.sessions} sessions ...`);
  const players = await gatherCast(system, options.sessions, ledger);
  const { rows } = await pool.query<{ now: string }>('SELECT now()::text AS now');
  const history = new History(pool);
  history.start();
  const traffic = new Traffic(system, players, { ...options, seed: SEED, through: [url] });
  const readers = new Readers(system, players, [url]);
  const steps: Step[] = [];
  const problems: string[] = [];
  const restartsBefore = cluster.restarts;
  const load = watchLoad();
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 60_000;

  /** A step that does not end as it should ends the rehearsals: what has come until then is judged all the same. */
  async function step(name: RehearsalName): Promise<boolean> {
    const since = performance.now();
    let seconds = 0;
    let wholeS = 0;
    try {
      await ALL[name]({ stage, onStrike: () => history.sampleSending() });
      seconds = (performance.now() - since) / 1_000;
      await untilWhole({ system }, options.sessions, WHOLE_MS);
      wholeS = (performance.now() - since) / 1_000;
      await sleep(options.calmSeconds * 1_000);
    } catch (error) {
      seconds ||= (performance.now() - since) / 1_000;
      problems.push(`${name}: ${(error as Error).message}. ${cluster.progress()}`);
      say(`${problems.at(-1)}\n${system.tails()}`);
    }
    steps.push({ name, seconds, refused: traffic.takeFailures(), reads: readers.take() });
    const { refused, reads } = steps.at(-1)!;
    say(
      `${name}: ${seconds.toFixed(1)} s, whole after ${wholeS.toFixed(1)} s, refused ${JSON.stringify(refused)}, read ${JSON.stringify(reads)}`,
    );
    return problems.length === 0;
  }

  traffic.start();
  readers.start();
  try {
    rehearsals: do {
      for (const name of options.scenarios) {
        if (!(await step(name))) break rehearsals;
        if (options.minutes > 0 && elapsed() > options.minutes && steps.length >= options.scenarios.length) break;
      }
    } while (elapsed() < options.minutes);
  } finally {
    await readers.stop();
    await traffic.stop();
  }
  const minutes = elapsed();
  const machine = load.stop();
  say('Waiting until nothing is on its way ...');
  const numbers = players.map(({ phone }) => phone.number);
  const late = await untilQuiet({ system }, numbers, QUIET_MS).then(
    () => [],
    (error: Error) => [error.message],
  );
  await history.stop();
  const verdicts = await judge({ fleet: { system }, players, traffic, ledger, history, since: rows[0]!.now });

  const planned = steps.filter(({ name }) => !isFault(name as RehearsalName));
  const refused = planned.flatMap(({ name, refused: codes }) => listed(name, codes, () => true));
  // A live call on a session that is between two workers is asked again: 503 with Retry-After.
  const isLost = (code: string) => isFailure(code) && !code.startsWith('503');
  const unread = planned.flatMap(({ name, reads }) => listed(name, reads, isLost));
  const killed = cluster.endings.filter(({ wasKilled }) => wasKilled);
  const disorderly = cluster.endings.filter(({ exit, wasKilled }) => !wasKilled && exit.code !== 0);
  const restarted = cluster.restarts - restartsBefore;
  const faults = steps.filter(({ name }) => name.endsWith('killed')).length;
  const all = (which: (step: Step) => Record<string, number>) => ({
    requests: steps.reduce((sum, one) => sum + count(which(one)), 0),
    failed: steps.reduce((sum, one) => sum + count(which(one), isFailure), 0),
  });
  const notAccepted = all((one) => one.refused);
  return {
    steps,
    verdicts: [
      ...verdicts,
      { what: 'steps that did not end as they should', count: problems.length, examples: problems },
      { what: 'things still on their way at the end', count: late.length, examples: late },
      { what: 'sends that were not accepted at once, in rehearsals', count: sum(refused), examples: texts(refused) },
      { what: 'reads that failed, in rehearsals', count: sum(unread), examples: texts(unread) },
      { what: 'requests given up', count: traffic.givenUp, examples: [] },
      {
        what: 'pods that were killed at the end of their grace',
        count: killed.length,
        examples: killed.map((ending) => JSON.stringify(ending)),
      },
      {
        what: 'pods that did not end in order',
        count: disorderly.length,
        examples: disorderly.map((ending) => JSON.stringify(ending)),
      },
      {
        what: 'containers that were started again without a fault',
        count: Math.max(0, restarted - faults),
        examples: [],
      },
    ],
    accepted: traffic.acceptedCount,
    written: traffic.written.length,
    sends: { ...notAccepted, requests: traffic.acceptedCount + notAccepted.requests },
    reads: all((one) => one.reads),
    minutes,
    machine,
  };
}

/** Reads the load of the machine until it is stopped; the figures belong to the load that they were made under. */
function watchLoad(): { stop(): string } {
  const read = () => loadavg()[0]!;
  const first = read();
  let most = first;
  const timer = setInterval(() => {
    most = Math.max(most, read());
  }, LOAD_MS);
  return {
    stop() {
      clearInterval(timer);
      const [begin, peak, end] = [first, Math.max(most, read()), read()].map((value) => value.toFixed(1));
      return `${availableParallelism()} cores, load of one minute: ${begin} at the begin, ${peak} at most, ${end} at the end`;
    },
  };
}

/** No answer, or an answer that says that the installation is at fault. */
const isFailure = (code: string): boolean => !/^[234]/.test(code);

const count = (counts: Record<string, number>, which: (code: string) => boolean = () => true): number =>
  Object.entries(counts).reduce((all, [code, times]) => all + (which(code) ? times : 0), 0);

interface Listed {
  text: string;
  times: number;
}

const listed = (step: string, counts: Record<string, number>, which: (code: string) => boolean): Listed[] =>
  Object.entries(counts)
    .filter(([code]) => which(code))
    .map(([code, times]) => ({ text: `${step}: ${code} ×${times}`, times }));

const sum = (found: readonly Listed[]): number => found.reduce((all, { times }) => all + times, 0);
const texts = (found: readonly Listed[]): string[] => found.slice(0, 5).map(({ text }) => text);
