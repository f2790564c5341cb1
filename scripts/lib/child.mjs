/**
 * One long-running process in a group of its own: starts it with its output in a file, waits until it is ready, stops
 * it.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup } from './commands.mjs';
import { isDiskFull } from './disk.mjs';
import { LaunchError, StoppedError } from './errors.mjs';
import { DISK_FULL, explainOutput } from './explain.mjs';
import { lastWords } from './logs.mjs';
import { seconds } from './progress.mjs';

const POLL_MS = 50;

/**
 * @typedef {object} ChildSpec
 * @property {string} name
 * @property {'service' | 'database'} kind when it ends for good, a service is missed; without a database everything
 *   stops
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {string} logFile
 * @property {string} url its address
 * @property {number} stage order of the stop, see the journal
 * @property {NodeJS.Signals} stopSignal
 * @property {number} readyMs milliseconds until it must be ready
 * @property {(pid: number) => Promise<boolean>} isReady
 * @property {() => import('node:child_process').ChildProcess} [launch] instead of running `command`
 *
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, error?: Error }} Exit
 */

export class Child {
  /** @type {Exit | undefined} set when the process has ended */
  exit;

  /**
   * @param {ChildSpec} spec
   * @param {import('./process-journal.mjs').Journal} journal
   */
  constructor(spec, journal) {
    this.spec = spec;
    const child = spec.launch ? spec.launch() : run(spec);
    this.pid = child.pid;
    if (this.pid !== undefined) journal.started(this.pid, spec);
    /** @type {Promise<Exit>} */
    this.exited = new Promise((resolve) => {
      const ended = (/** @type {Exit} */ exit) => {
        if (this.pid !== undefined) journal.ended(this.pid);
        this.exit = exit;
        resolve(exit);
      };
      child.once('error', (error) => ended({ code: null, signal: null, error }));
      child.once('exit', (code, signal) => ended({ code, signal }));
    });
  }

  /**
   * @param {AbortSignal} [signal]
   * @throws {LaunchError} when it ends first, or takes too long
   */
  async waitUntilReady(signal) {
    const started = performance.now();
    while (performance.now() - started < this.spec.readyMs) {
      if (signal?.aborted) throw new StoppedError(this.spec.name);
      if (this.exit) throw this.describeFailure(`${this.spec.name} could not start: ${describeExit(this.exit)}.`);
      if (this.pid !== undefined && (await this.spec.isReady(this.pid))) return;
      await sleep(POLL_MS);
    }
    throw this.describeFailure(`${this.spec.name} was not ready after ${seconds(this.spec.readyMs)}.`);
  }

  /** @param {string} sentence */
  describeFailure(sentence) {
    const words = lastWords(this.spec.logFile);
    const known = isDiskFull(dirname(this.spec.logFile)) ? DISK_FULL : explainOutput([sentence, ...words].join('\n'));
    return new LaunchError(known ? `${sentence} ${known.message}` : sentence, {
      details: words.join('\n'),
      hint: [known?.hint, `Its log: ${this.spec.logFile}`].filter(Boolean).join(' '),
    });
  }

  /**
   * Sends its stop signal, and SIGKILL after `graceMs`.
   * @param {number} graceMs
   */
  async stop(graceMs) {
    if (this.exit || this.pid === undefined) return;
    const timer = setTimeout(() => killGroup(this.pid ?? 0, 'SIGKILL'), Math.max(0, graceMs));
    try {
      process.kill(this.pid, this.spec.stopSignal);
    } catch {
      // It has just ended.
    }
    await this.exited;
    clearTimeout(timer);
  }
}

/** @param {ChildSpec} spec */
function run({ command, args, cwd, env, logFile }) {
  const log = openSync(logFile, 'a', 0o600);
  // Detached: an interrupt of the terminal must reach only the launcher, which stops everything in order.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

/** @param {Exit} exit */
export function describeExit({ code, signal, error }) {
  if (error) return error.message;
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}
