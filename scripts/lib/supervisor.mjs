/**
 * Keeps the started processes running. A process that ends is restarted, with growing pauses when it keeps ending. A
 * database that does not return ends everything, because nothing works without it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, describeExit } from './child.mjs';
import { lastWords } from './logs.mjs';
import { seconds } from './progress.mjs';
import { STAGES } from './stages.mjs';

const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;
/** After this time a service counts as healthy again: its next restart is a first one. */
const STEADY_MS = 60_000;
/** Attempts to restart a database. The first one may fail while processes of the ended server are still ending. */
const DATABASE_RESTARTS = 4;

/**
 * The plan of a stop within ten seconds. Each stage gets its signal when the earlier ones have ended, or after
 * `askedAfter` ms at the latest, so that the sandbox and the databases have time to write even when a service does not
 * stop. After `forcedAfter` ms it is killed.
 */
const STOP_PLAN = [
  { stage: STAGES.services, askedAfter: 0, forcedAfter: 8_300 },
  { stage: STAGES.sandbox, askedAfter: 6_000, forcedAfter: 8_600 },
  { stage: STAGES.redis, askedAfter: 8_600, forcedAfter: 9_500 },
  { stage: STAGES.postgres, askedAfter: 8_600, forcedAfter: 9_500 },
];

/** Milliseconds that a reload waits for the old process. Work that is unfinished then survives as after a crash. */
const RELOAD_GRACE_MS = 8_000;

/**
 * @typedef {object} Kept
 * @property {Child} child
 * @property {number} failures
 * @property {number} startedAt
 * @property {boolean} [isReplaced] it is not restarted after its end
 */

export class Supervisor {
  /** @type {Map<string, Kept>} */
  #kept = new Map();
  #stopping = new AbortController();
  /** @type {Promise<void> | undefined} */
  #stopped;

  /**
   * @param {object} options
   * @param {import('./process-journal.mjs').Journal} options.journal
   * @param {import('./progress.mjs').Progress} options.progress
   * @param {() => void} options.onChange after a process was replaced
   * @param {(error: Error) => void} options.onFatal a database ended and does not come back
   * @param {number} [options.firstRestartMs]
   */
  constructor({ journal, progress, onChange, onFatal, firstRestartMs = FIRST_RESTART_MS }) {
    this.journal = journal;
    this.progress = progress;
    this.onChange = onChange;
    this.onFatal = onFatal;
    this.firstRestartMs = firstRestartMs;
  }

  /** @returns {{ name: string, pid: number, url: string }[]} */
  get processes() {
    return [...this.#kept.values()].flatMap(({ child }) =>
      child.pid === undefined || child.exit ? [] : [{ name: child.spec.name, pid: child.pid, url: child.spec.url }],
    );
  }

  /** @returns {string[]} */
  get logFiles() {
    return [...this.#kept.values()].map(({ child }) => child.spec.logFile);
  }

  /**
   * Starts a process and waits until it is ready. From then on it is watched.
   * @param {import('./child.mjs').ChildSpec} spec
   * @param {AbortSignal} [signal]
   */
  async start(spec, signal) {
    const kept = this.#spawn(spec, 0);
    await kept.child.waitUntilReady(signal);
    this.#watch(kept);
  }

  /**
   * Restarts a process at once, because its code has changed. One that does not become ready stays down until the next
   * reload.
   * @param {string} name
   * @returns {Promise<boolean>} whether the new one is ready
   */
  async reload(name) {
    const last = this.#kept.get(name);
    if (!last || this.#stopping.signal.aborted) return false;
    last.isReplaced = true;
    await last.child.stop(RELOAD_GRACE_MS);
    if (this.#stopping.signal.aborted) return false;
    const kept = this.#spawn(last.child.spec, 0);
    this.onChange();
    try {
      await kept.child.waitUntilReady(this.#stopping.signal);
    } catch (error) {
      if (this.#stopping.signal.aborted) return false;
      kept.isReplaced = true;
      await kept.child.stop(0);
      this.progress.warn(`${error instanceof Error ? error.message : String(error)} It waits for the next change.`);
      for (const words of lastWords(kept.child.spec.logFile)) this.progress.say(`  | ${words}`);
      return false;
    }
    this.#watch(kept);
    this.onChange();
    return true;
  }

  /** Stops everything, stage by stage, within ten seconds. */
  stop() {
    this.#stopping.abort();
    this.#stopped ??= this.#stopInOrder(performance.now());
    return this.#stopped;
  }

  /** @param {number} began */
  async #stopInOrder(began) {
    const children = [...this.#kept.values()].map(({ child }) => child);
    const left = (/** @type {number} */ until) => Math.max(0, until - (performance.now() - began));
    /** @type {Promise<unknown>[]} */
    const done = [];
    for (const { stage, askedAfter, forcedAfter } of STOP_PLAN) {
      const turn = new AbortController();
      const latest = sleep(left(askedAfter), undefined, { signal: turn.signal }).catch(() => {});
      await Promise.race([Promise.all(done), latest]);
      turn.abort();
      const members = children.filter((child) => child.spec.stage === stage);
      done.push(Promise.all(members.map((child) => child.stop(left(forcedAfter)))));
    }
    await Promise.all(done);
  }

  /**
   * @param {import('./child.mjs').ChildSpec} spec
   * @param {number} failures
   */
  #spawn(spec, failures) {
    /** @type {Kept} */
    const kept = { child: new Child(spec, this.journal), failures, startedAt: performance.now() };
    this.#kept.set(spec.name, kept);
    return kept;
  }

  /** @param {Kept} kept */
  #watch(kept) {
    void kept.child.exited.then(() => {
      if (!this.#stopping.signal.aborted && !kept.isReplaced) void this.#restart(kept);
    });
  }

  /**
   * Restarts until it is ready or everything stops; a database only a few times.
   * @param {Kept} last
   */
  async #restart(last) {
    let ended = last;
    while (!this.#stopping.signal.aborted && !ended.isReplaced) {
      const { spec, exit } = ended.child;
      const failures = performance.now() - ended.startedAt > STEADY_MS ? 0 : ended.failures;
      const delay = Math.min(this.firstRestartMs * 2 ** failures, LONGEST_RESTART_MS);
      const reason = exit ? describeExit(exit) : 'it did not become ready';
      if (spec.kind === 'database' && failures >= DATABASE_RESTARTS) {
        this.onFatal(ended.child.describeFailure(`${spec.name} does not come back: ${reason}.`));
        return;
      }
      this.progress.warn(`${spec.name} ended unexpectedly: ${reason}. It is started again in ${seconds(delay)}.`);
      for (const words of lastWords(spec.logFile)) this.progress.say(`  | ${words}`);
      try {
        await sleep(delay, undefined, { signal: this.#stopping.signal });
      } catch {
        return;
      }
      if (ended.isReplaced) return;
      ended = this.#spawn(spec, failures + 1);
      this.onChange();
      try {
        await ended.child.waitUntilReady(this.#stopping.signal);
      } catch {
        await ended.child.stop(0); // it may hang instead of having ended
        continue;
      }
      this.progress.say(`${spec.name} is back (process ${ended.child.pid}).`);
      this.#watch(ended);
      this.onChange();
      return;
    }
  }
}
