import { AsyncResource } from 'node:async_hooks';
import { createRequire } from 'node:module';

/**
 * libsignal queues what it does per address of a contact, in one queue for the whole process: sessions of one worker
 * that write to the same contact share it. And it runs every job in the async context of whoever found the queue empty.
 * Baileys keeps its transactions in that context, so a job of one session ran inside of another's, or inside of one of
 * its own that had ended, and what it wrote was never committed: the message left, and the next one used its key again.
 * Here each job runs in the context of its own caller. Import it before Baileys.
 */
type Job = () => Promise<unknown>;
export type JobQueue = (bucket: string, job: Job) => Promise<unknown>;

const library = createRequire(createRequire(import.meta.url).resolve('@whiskeysockets/baileys'));
const file = library.resolve('libsignal/src/queue_job.js');

/** As libsignal has it. */
export const stockQueue = library(file) as JobQueue;

export const contextualQueue: JobQueue = (bucket, job) => stockQueue(bucket, AsyncResource.bind(job));

// Whoever has loaded it already keeps the stock queue.
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
