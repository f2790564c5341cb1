import { isDatabaseUnavailable, type Queryable } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { type DeliveryResult, type WrittenWebhook, writeDeliveries } from '@wa-gate/messaging';
import type { HeldWebhook } from './held-webhook.ts';

export interface ResultWriterDependencies {
  pool: Queryable;
  clock: Clock;
  logger: Logger;
  /** The hold of a webhook, if this process holds it now. */
  held: (webhookId: string) => HeldWebhook | undefined;
  /** After a write with these holds: those that are missing in the answer are not held any more. */
  onWritten: (holds: readonly HeldWebhook[], written: ReadonlyMap<string, WrittenWebhook>, begunAt: number) => void;
  /** How long a result may wait for company. @default 100 */
  lingerMs?: number;
}

/** What came of an attempt; ages are counted when it is written. */
export type NewResult = Omit<DeliveryResult, 'ageMs'>;

/** Writes results, cursors and leases of all webhooks of this process, one statement at a time. */
export interface ResultWriter {
  /** Resolves when the result is durable, or can never be. */
  add(result: NewResult): Promise<void>;
  /** Renews or ends leases now. */
  renew(holds: Iterable<HeldWebhook>): void;
  /** Resolves when what was added before is durable, or PostgreSQL has failed once. */
  flush(): Promise<void>;
}

/** The first event in line of an endpoint that takes nothing. */
const isInLine = ({ status }: NewResult): boolean => status === 'PENDING';

interface Waiting {
  result: NewResult;
  endedAt: number;
  isDone: boolean;
  done: () => void;
}

const LINGER_MS = 100;
const RETRY_MS = 500;
const MAX_BATCH = 500;

/**
 * A result waits up to a tenth of a second for others. Nobody waits for it: the next event of the webhook is on its way
 * meanwhile. A process that dies before the write has made its attempts for nothing, and the next holder repeats them.
 */
export function createResultWriter(deps: ResultWriterDependencies): ResultWriter {
  const { pool, clock, logger, held, onWritten, lingerMs = LINGER_MS } = deps;
  let waiting: Waiting[] = [];
  const renewing = new Set<HeldWebhook>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  /** A delivery is in a statement once. */
  function take(): Waiting[] {
    const names = new Set<string>();
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const one of waiting) {
      const name = `${one.result.webhookId} ${one.result.sessionId} ${one.result.seq}`;
      if (batch.length < MAX_BATCH && !names.has(name)) {
        names.add(name);
        batch.push(one);
      } else {
        rest.push(one);
      }
    }
    waiting = rest;
    return batch;
  }

  async function write(batch: readonly Waiting[], renewed: readonly HeldWebhook[]): Promise<void> {
    const begunAt = clock.monotonic();
    const holds = new Set(renewed.filter((hold) => held(hold.webhookId) === hold));
    const seqs = new Map<string, Set<number>>();
    for (const { result } of batch) {
      const hold = held(result.webhookId);
      if (hold) holds.add(hold);
      // What stays in line is behind the cursor.
      if (isInLine(result)) continue;
      seqs.set(result.webhookId, (seqs.get(result.webhookId) ?? new Set()).add(result.seq));
    }
    const progress = new Map(
      [...holds].map((hold) => [hold.webhookId, hold.progress(begunAt, seqs.get(hold.webhookId))]),
    );
    const results = batch.map(({ result, endedAt }) => {
      const ageMs = Math.max(0, begunAt - endedAt);
      const its = progress.get(result.webhookId);
      if (its && result.status === 'DELIVERED') {
        its.failures = 0;
        its.deliveredAgoMs = ageMs;
      } else if (its && result.isAttempt) {
        its.failures += 1;
        its.lastError = result.error ?? null;
      }
      return { ...result, ageMs };
    });
    const written = await writeDeliveries(pool, [...progress.values()], results);
    for (const one of batch) finish(one);
    onWritten([...holds], new Map(written.map((one) => [one.webhookId, one])), begunAt);
  }

  function finish(one: Waiting): void {
    one.isDone = true;
    if (!isInLine(one.result)) held(one.result.webhookId)?.settle(one.result.seq);
    one.done();
  }

  /** `false`: PostgreSQL is away, and the results wait on. */
  async function tryWrite(batch: readonly Waiting[], renewed: readonly HeldWebhook[]): Promise<boolean> {
    try {
      await write(batch, renewed);
      return true;
    } catch (error) {
      if (isDatabaseUnavailable(error)) {
        logger.warn({ err: error, results: batch.length }, 'results of deliveries not written, trying again');
        waiting.unshift(...batch);
        return false;
      }
      if (batch.length > 1) {
        // One result spoils the statement for all: find it by halves.
        const middle = batch.length >> 1;
        const first = await tryWrite(batch.slice(0, middle), renewed);
        return (await tryWrite(batch.slice(middle), [])) && first;
      }
      logger.error({ err: error, result: batch[0]?.result }, 'the result of a delivery cannot be written');
      if (batch[0]) finish(batch[0]);
      return true;
    }
  }

  async function run(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const renewed = [...renewing];
    renewing.clear();
    const isWritten = await tryWrite(take(), renewed);
    running = undefined;
    if (renewing.size > 0) begin();
    else if (waiting.length > 0) later(isWritten ? lingerMs : RETRY_MS);
  }

  function begin(): void {
    running ??= run();
  }

  function later(ms: number): void {
    if (waiting.length >= MAX_BATCH && ms === lingerMs) begin();
    else timer ??= setTimeout(begin, ms);
  }

  return {
    add: (result) =>
      new Promise((resolve) => {
        waiting.push({ result, endedAt: clock.monotonic(), isDone: false, done: resolve });
        if (!running) later(lingerMs);
      }),
    renew(holds) {
      for (const hold of holds) renewing.add(hold);
      if (renewing.size > 0) begin();
    },
    async flush() {
      await running;
      const batch = [...waiting];
      while (renewing.size > 0 || batch.some(({ isDone }) => !isDone)) {
        const before = waiting.length;
        begin();
        await running;
        if (before > 0 && waiting.length >= before) return;
      }
    },
  };
}
