/**
 * Which files of scenarios stand side by side: two at a time, each with a system, databases and ports of its own. The
 * others have the machine for themselves.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

/** The variable that names a group of scenarios; without it all of them run, one after the other. */
export const SCENARIOS = 'WAG_SCENARIOS';
export const SIDE_BY_SIDE = 'side by side';
export const ALONE = 'alone';
/** Of those that stand side by side, at once. */
export const SCENARIOS_AT_ONCE = 2;

/** Folders whose scenarios share nothing: no copy of a program that one of them would fetch, no folder of the user. */
const SHARES_NOTHING = /^(conformance|contract|harness|load|scenarios|security)\//;

/** Files below these that stand alone all the same. */
const STANDS_ALONE = [
  // They judge how long things take.
  'scenarios/lanes.test.ts',
  'scenarios/leaving.test.ts',
  'scenarios/placement.test.ts',
  'scenarios/redis-away.test.ts',
  'scenarios/restarts.test.ts',
  'scenarios/webhook-outages.test.ts',
  'security/brute-force.test.ts',
  'security/passwords.test.ts',
  // They fill the cores.
  'scenarios/pgbouncer.test.ts',
  'security/fuzz/fuzz.test.ts',
];

/**
 * The files of a group, as paths below the root. Every file is in one of the two groups.
 * @param {string} group
 */
export function scenariosOf(group) {
  const e2e = readdirSync(join(ROOT, 'apps/e2e'), { recursive: true, encoding: 'utf8' });
  return e2e
    .filter((path) => path.endsWith('.test.ts') && !/(^|\/)(node_modules|dist)\//.test(path))
    .filter((path) => (SHARES_NOTHING.test(path) && !STANDS_ALONE.includes(path)) === (group === SIDE_BY_SIDE))
    .map((path) => `apps/e2e/${path}`);
}
