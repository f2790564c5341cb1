/**
 * Identifies a process by its pid and start time. Pids are reused, so without the start time a cleanup after a crash
 * could end a foreign process.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Field 22 of /proc/<pid>/stat, counted after the command name, which may contain spaces and brackets. */
const START_TIME_FIELD = 22 - 3;
const STATE_FIELD = 0;

/** @typedef {{ pid: number, startTime: string }} ProcessIdentity */

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined} undefined when there is no such process, or only a zombie
 */
export function identify(pid) {
  const startTime = process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** @param {ProcessIdentity} identity */
export function isAlive(identity) {
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** @param {number} pid */
function startTimeFromProc(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[STATE_FIELD] === 'Z' ? undefined : fields[START_TIME_FIELD];
}

/** @param {number} pid */
function startTimeFromPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout?.trim() || undefined;
}
