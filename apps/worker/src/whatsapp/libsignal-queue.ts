import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';

/**
 * libsignal has one queue per address of a contact for the whole process: sessions of one worker that write to the same
 * contact share it. It runs every job in the async context of the caller that found the queue empty. Baileys keeps its
 * transactions in that context. So a job of one session ran in the transaction of another session, or in an ended one
 * of its own, and its write was never committed: the message was sent, and the next one used its key again. Here each
 * job runs in the context of its own caller. Import this before Baileys.
 */
type Job = () => Promise<unknown>;
export type JobQueue = (bucket: string, job: Job) => Promise<unknown>;

/** Baileys finds the same version, so it loads the same files. In the bundle too, because libsignal stays outside. */
const library = createRequire(import.meta.url);
const file = library.resolve('libsignal/src/queue_job.js');

/** The queue of libsignal, unpatched. */
export const stockQueue = library(file) as JobQueue;

export const contextualQueue: JobQueue = (bucket, job) => {
  const inContextOfCaller = AsyncLocalStorage.snapshot();
  return stockQueue(bucket, () => inContextOfCaller(job));
};

// A module that was loaded earlier keeps the unpatched queue.
const early = ['libsignal/src/session_cipher.js', 'libsignal/src/session_builder.js'].filter(
  (user) => library.cache[library.resolve(user)] !== undefined,
);
if (early.length > 0) {
  throw new Error(
    `Baileys was loaded before its repairs (${early.join(', ')}): import whatsapp/baileys.ts before anything that loads it.`,
  );
}
const loaded = library.cache[file];
if (!loaded) throw new Error(`${file} is not where libsignal looks for it.`);
loaded.exports = contextualQueue;
