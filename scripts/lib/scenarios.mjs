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

/** Files and folders that stand alone. */
const STANDS_ALONE = [
  // They fill the cores, and judge what happens then.
  'chaos/chaos.test.ts',
  'deploy/pm2.test.ts',
  'rollout/',
  'security/fuzz/',
  // They judge how long things take, or how much memory.
  'load/delete/',
  'media/upload-memory.test.ts',
  'scenarios/lanes.test.ts',
  'security/passwords.test.ts',
  // Two launchers at once would choose the same port for their gateways.
  'launcher/',
  // All cores compile inside of the build.
  'deploy/images.test.ts',
  // Nothing is known against these. Whoever has seen one of them pass beside others takes it out.
  'recovery/restore-drill.test.ts',
  'scenarios/many-webhooks.test.ts',
  'scenarios/placement.test.ts',
  'scenarios/receipts.test.ts',
  'security/query-key.test.ts',
];

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
