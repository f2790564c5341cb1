/**
 * A global setup of vitest: builds the images at low priority while scenarios stand side by side, in the processor time
 * in which these wait. `images.test.ts` comes after the long ones and takes the images over.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { waitFor } from '../harness/wait-for.ts';
import { buildImages, imageFolder, obstacle } from './image-build.ts';
import { loadScripts } from './scripts.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the images are built beside the tests. */
    imageFolder?: string;
  }
}

/** How the build has ended. */
type Outcome = { ms: number } | { error: string };

const outcomeFile = (folder: string): string => join(folder, 'outcome.json');

export default async function startImageBuild(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if ((await obstacle()) !== null) return undefined;
  const folder = await imageFolder();
  const stop = new AbortController();
  project.provide('imageFolder', folder);
  const building = buildImages(folder, { signal: stop.signal, yielding: true })
    .catch(async (error: unknown): Promise<Outcome> => ({ error: (await loadScripts()).formatError(error) }))
    .then(async (outcome) => {
      // Nobody reads half of it.
      const draft = `${outcomeFile(folder)}.draft`;
      await writeFile(draft, JSON.stringify(outcome));
      await rename(draft, outcomeFile(folder));
    });
  return async () => {
    stop.abort();
    await building;
    await rm(folder, { recursive: true, force: true });
  };
}

/**
 * Waits for the build beside the tests.
 *
 * @returns milliseconds of `npm run images`
 * @throws {Error} with its output when the build has failed
 */
export async function imagesBuiltBeside(folder: string, timeoutMs: number): Promise<{ ms: number }> {
  const outcome = await waitFor(async () => JSON.parse(await readFile(outcomeFile(folder), 'utf8')) as Outcome, {
    what: 'the images',
    timeoutMs,
  });
  if ('error' in outcome) throw new Error(outcome.error);
  return outcome;
}
