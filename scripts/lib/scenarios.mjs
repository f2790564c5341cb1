/**
 * Which files of scenarios stand side by side, two or three at a time, each with a system, databases and ports of its
 * own. The others have the machine for themselves.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

/** The variable that names a group of scenarios; without it all of them run, one after the other. */
export const SCENARIOS = 'WAG_SCENARIOS';
export const SIDE_BY_SIDE = 'side by side';
export const ALONE = 'alone';
/** Milliseconds for 100 MB of SHA-256: 60 on the two cores that three scenarios at a time use well. */
const QUICK_MS = 110;
const MEASUREMENTS = 5;

/** Files and folders that stand alone. */
const STANDS_ALONE = [
  // They fill the cores, and judge what happens then.
  'chaos/chaos.test.ts',
  'deploy/pm2.test.ts',
  'rollout/',
  'security/fuzz/',
  // They judge how long things take, or how much memory.
  'launcher/fresh-clone.test.ts',
  'load/delete/',
  'media/upload-memory.test.ts',
  'recovery/restore-drill.test.ts',
  'scenarios/lanes.test.ts',
  // A gateway whose Redis is slow counts guesses by itself.
  'security/brute-force.test.ts',
  'security/passwords.test.ts',
];

/**
 * The count of scenarios that stand side by side at a time. On a slow machine, and beside other work, three of them
 * would come near the time-outs of what waits for them.
 */
export function scenariosAtOnce() {
  const megabyte = Buffer.alloc(1024 * 1024);
  const times = Array.from({ length: MEASUREMENTS }, () => {
    const begun = performance.now();
    const hash = createHash('sha256');
    for (let count = 0; count < 100; count += 1) hash.update(megabyte);
    hash.digest();
    return performance.now() - begun;
  });
  return Math.min(...times) < QUICK_MS ? 3 : 2;
}

/** @param {string} path below `apps/e2e` */
const standsAlone = (path) => STANDS_ALONE.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));

/**
 * The files of a group, as paths below the root. Every file is in one of the two groups.
 * @param {string} group
 */
export function scenariosOf(group) {
  const e2e = join(ROOT, 'apps/e2e');
  const folders = readdirSync(e2e, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name),
  );
  return folders
    .flatMap(({ name }) =>
      readdirSync(join(e2e, name), { recursive: true, encoding: 'utf8' }).map((path) => `${name}/${path}`),
    )
    .filter((path) => path.endsWith('.test.ts') && standsAlone(path) === (group === ALONE))
    .map((path) => `apps/e2e/${path}`);
}
