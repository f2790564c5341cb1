import { isDatabaseUnavailable, type Queryable } from '@wa-gate/db';
import { type DeliveryResult, recordDeliveries } from '@wa-gate/messaging';

/** Records what came of attempts, for all drains of this process. */
export interface ResultWriter {
  /**
   * Resolves when the result is durable. `false`: another process holds the lease by now, or the webhook is gone or
   * inactive.
   */
  record(result: DeliveryResult): Promise<boolean>;
}

interface Waiting {
  result: DeliveryResult;
  resolve: (mayGoOn: boolean) => void;
  reject: (error: unknown) => void;
}

const MAX_BATCH = 200;

/**
 * Results that come while a statement runs go into the next one: with many webhooks, one commit serves many results.
 * Each drain waits for its own result before it continues, so its order does not change. A webhook is in a statement
 * once, because a second result (a retry beside a first attempt) counts after the first.
 */
export function createResultWriter({ pool, leaseMs }: { pool: Queryable; leaseMs: number }): ResultWriter {
  let queue: Waiting[] = [];
  let isRunning = false;

  function take(): Waiting[] {
    const batch = new Map<string, Waiting>();
    const rest: Waiting[] = [];
    for (const waiting of queue) {
      const { webhookId } = waiting.result;
      if (batch.size < MAX_BATCH && !batch.has(webhookId)) batch.set(webhookId, waiting);
      else rest.push(waiting);
    }
    queue = rest;
    return [...batch.values()];
  }

  async function write(batch: Waiting[]): Promise<void> {
    try {
      const results = batch.map(({ result }) => result);
      const active = await recordDeliveries(pool, results, leaseMs);
      for (const { result, resolve } of batch) resolve(active.has(result.webhookId));
    } catch (error) {
      if (batch.length > 1 && !isDatabaseUnavailable(error)) {
        // One result spoils the statement for all: find it by halves.
        const middle = batch.length >> 1;
        await write(batch.slice(0, middle));
        await write(batch.slice(middle));
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (queue.length > 0) await write(take());
    isRunning = false;
  }

  return {
    record: (result) =>
      new Promise((resolve, reject) => {
        queue.push({ result, resolve, reject });
        if (!isRunning) void run();
      }),
  };
}
