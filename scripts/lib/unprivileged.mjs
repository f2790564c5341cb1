/**
 * PostgreSQL refuses to run as root, which is the usual user of containers. There are two ways, in this order:
 *  1. a user namespace in which this user has another number: files keep their owner and place;
 *  2. where the kernel or the container refuses that, the user `nobody`. It cannot enter a data folder that is closed
 * to others, so the cluster, and the binaries if need be, are in a folder of their own.
 * The way with which the cluster was made is used again, because its files belong to that user.
 */
import { spawnSync } from 'node:child_process';

export const NOBODY = 65534;
const NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];

/** @typedef {'self' | 'namespace' | 'nobody'} Identity under which PostgreSQL runs */

/**
 * @param {Identity} identity
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {{ command: string, args: string[] }}
 */
export function runAs(identity, command, args) {
  const [first = command, ...rest] = [...prefix(identity), command, ...args];
  return { command: first, args: rest };
}

/** @returns {Identity | undefined} undefined when root cannot switch to another user */
export function chooseIdentity() {
  if (process.getuid?.() !== 0) return 'self';
  if (works('namespace')) return 'namespace';
  return works('nobody') ? 'nobody' : undefined;
}

/** @param {Identity} identity */
export function works(identity) {
  return identity === 'self' ? process.getuid?.() !== 0 : succeeds(identity, 'true', []);
}

/**
 * @param {Identity} identity
 * @param {string} path
 */
export function canExecute(identity, path) {
  return succeeds(identity, 'test', ['-x', path]);
}

/**
 * @param {Identity} identity
 * @param {string} command
 * @param {readonly string[]} args
 */
function succeeds(identity, command, args) {
  const line = runAs(identity, command, args);
  return spawnSync(line.command, line.args, { stdio: 'ignore', cwd: '/' }).status === 0;
}

/** @param {Identity} identity */
function prefix(identity) {
  if (identity === 'namespace') return NAMESPACE;
  return identity === 'nobody' ? AS_NOBODY : [];
}
