import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { contextualQueue, type JobQueue, stockQueue } from './libsignal-queue.ts';

/** The contexts of the jobs of two callers that share a bucket. */
async function contextsOf(queue: JobQueue): Promise<unknown[]> {
  const context = new AsyncLocalStorage<string>();
  const job = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return context.getStore();
  };
  return Promise.all(['one', 'two'].map((caller) => context.run(caller, () => queue('contact.0', job))));
}

it('I2 I4 a job runs in the context of its caller, also behind the job of another', async () => {
  expect(await contextsOf(contextualQueue)).toEqual(['one', 'two']);
});

it('libsignal as it is does not: why the queue is replaced', async () => {
  expect(await contextsOf(stockQueue)).toEqual(['one', 'one']);
});

it('libsignal has the replaced queue', () => {
  const library = createRequire(createRequire(import.meta.url).resolve('@whiskeysockets/baileys'));
  expect(library('libsignal/src/queue_job.js')).toBe(contextualQueue);
});

it('a process that has loaded Baileys before fails with the reason, instead of using keys twice (I4)', async () => {
  const late = `await import('@whiskeysockets/baileys'); await import('${new URL('libsignal-queue.ts', import.meta.url).href}')`;
  const options = { cwd: fileURLToPath(new URL('../../', import.meta.url)) };
  const args = ['--import', 'tsx', '--input-type=module', '-e', late];
  await expect(promisify(execFile)(process.execPath, args, options)).rejects.toThrow(
    'import whatsapp/baileys.ts before anything that loads it',
  );
});
