/** Ends processes that are not children of this one, and waits for their end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, LaunchError } from './errors.mjs';
import { isAlive } from './process-identity.mjs';

const POLL_MS = 50;
const AFTER_KILL_MS = 5_000;

/**
 * @param {import('./process-identity.mjs').ProcessIdentity & { name: string }} target
 * @param {{ signal: NodeJS.Signals, graceMs: number }} options
 */
export async function endProcess(target, { signal, graceMs }) {
  send(target, signal);
  if (await isGoneWithin(target, graceMs)) return;
  send(target, 'SIGKILL');
  if (await isGoneWithin(target, AFTER_KILL_MS)) return;
  throw new LaunchError(`${target.name} (process ${target.pid}) of an earlier start cannot be ended.`);
}

/**
 * @param {import('./process-identity.mjs').ProcessIdentity & { name: string }} target
 * @param {NodeJS.Signals} signal
 */
function send(target, signal) {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return;
    throw new LaunchError(
      `${target.name} of an earlier start still runs as process ${target.pid} and may not be ended by this user.`,
      { hint: 'Run the command as the user who started it, or end that process first.', cause: error },
    );
  }
}

/**
 * @param {import('./process-identity.mjs').ProcessIdentity} target
 * @param {number} ms
 */
async function isGoneWithin(target, ms) {
  const deadline = performance.now() + ms;
  while (isAlive(target)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
