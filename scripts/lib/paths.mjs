/** Paths of the checkout. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

export const BIN_DIR = join(ROOT, 'node_modules', '.bin');

/** @param {string} name of a command that the root package depends on */
export const binPath = (name) => join(BIN_DIR, name);

/**
 * The environment of tools: the binaries of the checkout first (turbo searches pnpm on PATH), no telemetry, no notices.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(env) {
  return {
    ...env,
    PATH: `${BIN_DIR}:${env.PATH ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  };
}
