import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ProcessSpec } from './managed-process.ts';
import { repositoryFile } from './repository.ts';

const run = promisify(execFile);
const MIGRATE = 'packages/db/bin/migrate.mjs';
const PROGRAMS = ['apps/gateway/dist/main.js', 'apps/worker/dist/main.js', MIGRATE];

/** The root of the checkout that this file belongs to, with a slash at its end. */
export const ownCheckout = fileURLToPath(repositoryFile('./'));

/**
 * The root of a built checkout, with a slash at its end.
 *
 * @throws {Error} when there is nothing built at that path; says what is missing
 */
export function openCheckout(path: string): string {
  const root = `${resolve(path)}/`;
  const missing = PROGRAMS.find((program) => !existsSync(join(root, program)));
  if (missing) {
    throw new Error(`${root} is no built checkout: there is no ${missing}. Install and build it: npx turbo run build.`);
  }
  return root;
}

/**
 * The built program of an app: its bundle, which not every version has.
 *
 * @param unbundled for what has to tell the libraries of a process from its own code, such as a profile
 */
export function programOf(app: string, checkout = ownCheckout, unbundled = false): string {
  const bundle = join(checkout, `apps/${app}/bundle/main.js`);
  return existsSync(bundle) && !unbundled ? bundle : join(checkout, `apps/${app}/dist/main.js`);
}

/** Lets gateways and workers run from another checkout. The sandbox stays ours, because it stands for WhatsApp. */
export const runFrom =
  (checkout: string, { unbundled = false } = {}) =>
  async (spec: ProcessSpec): Promise<ProcessSpec> => {
    const app = spec.name.replace(/-\d+$/, '');
    return { ...spec, main: programOf(app, app === 'sandbox' ? ownCheckout : checkout, unbundled) };
  };

/** Applies the migrations of a checkout, as its launcher does. Returns the names of those that were missing. */
export async function migrate(checkout: string, databaseUrl: string): Promise<string[]> {
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const { stdout } = await run(process.execPath, [join(checkout, MIGRATE)], { env });
  return stdout.split('\n').filter(Boolean);
}
