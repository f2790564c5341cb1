/** Runs a tool to its end. Its output is kept, and shown only when it fails. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { LaunchError, StoppedError } from './errors.mjs';
import { explainOutput } from './explain.mjs';
import { ROOT } from './paths.mjs';
import { STAGES } from './stages.mjs';

const KEPT_LINES = 400;
const SHOWN_LINES = 25;
const STOP_GRACE_MS = 2_000;

/**
 * @typedef {object} CommandContext
 * @property {NodeJS.ProcessEnv} env
 * @property {AbortSignal} [signal] ends the tool, with all it started
 * @property {import('./process-journal.mjs').Journal} [journal]
 *
 * @typedef {object} Command
 * @property {string} title what has failed, for the user
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} [cwd]
 * @property {(line: string) => void} [onLine]
 * @property {boolean} [inherit] let the tool write to the terminal itself
 * @property {boolean} [yielding] what else runs on the machine goes first
 * @property {string} [hint] what to do when it fails for no reason we know
 */

/**
 * @param {Command} command
 * @param {CommandContext} context
 * @returns {Promise<string[]>} the lines it printed
 */
export async function runCommand(command, context) {
  const { code, signal, lines } = await runToEnd(command, context);
  if (code === 0) return lines;
  const known = explainOutput(lines.join('\n'));
  throw new LaunchError(known?.message ?? `${command.title} failed (${signal ?? `exit code ${code}`}).`, {
    details: [command.title, ...lines.slice(-SHOWN_LINES)].join('\n'),
    hint: known?.hint ?? command.hint,
  });
}

/**
 * @param {Command} command
 * @param {CommandContext} context
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, lines: string[] }>}
 */
export async function runToEnd(command, { env, signal, journal }) {
  if (signal?.aborted) throw new StoppedError(command.title);
  const child = spawn(command.command, command.args, {
    cwd: command.cwd ?? ROOT,
    env,
    // A process group of its own: an interrupt of the terminal reaches only the launcher, which ends the group as a
    // whole.
    detached: true,
    stdio: ['ignore', command.inherit ? 'inherit' : 'pipe', command.inherit ? 'inherit' : 'pipe'],
  });
  const { pid } = child;
  // What yields passes it on.
  const niceness = command.yielding ? constants.priority.PRIORITY_BELOW_NORMAL : getPriority();
  if (pid !== undefined && niceness > 0) lowerPriority(pid, niceness);
  if (pid !== undefined) journal?.started(pid, { name: command.title, stopSignal: 'SIGTERM', stage: STAGES.services });
  /** @type {string[]} */
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      if (line.trim() !== '') command.onLine?.(line);
    });
  }
  const stop = () => {
    if (pid === undefined) return;
    killGroup(pid, 'SIGTERM');
    setTimeout(() => killGroup(pid, 'SIGKILL'), STOP_GRACE_MS).unref();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => {
        reject(new LaunchError(`${command.title} failed: ${command.command} cannot be run.`, { cause: error }));
      });
      child.once('close', (code, killedBy) => {
        if (signal?.aborted) reject(new StoppedError(command.title));
        else resolve({ code, signal: killedBy, lines });
      });
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    if (pid !== undefined) journal?.ended(pid);
  }
}

/**
 * @param {number} pid of a tool that has just begun, the leader of its session: its threads and processes inherit the
 *   priority
 * @param {number} niceness
 */
function lowerPriority(pid, niceness) {
  try {
    setPriority(pid, niceness);
    // Where Linux groups processes by sessions, the priority above counts inside of the session alone.
    writeFileSync(`/proc/${pid}/autogroup`, `${niceness}`);
  } catch {
    // It has ended already, or this system has no such groups.
  }
}

/**
 * @param {number} pid leader of the group
 * @param {NodeJS.Signals} signal
 */
export function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}
