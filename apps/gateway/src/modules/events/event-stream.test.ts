import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { FedEvent } from './event-feed.ts';
import { payloadOf, writeEventStream } from './event-stream.ts';
import type { LiveFeed } from './live-feed.ts';

const BATCH = 100;

/** A feed without end, which counts what was taken of it. */
function endless(): LiveFeed & { taken: number } {
  return {
    taken: 0,
    end: 'closed',
    cursor: () => '0',
    async *batches() {
      for (;;) {
        yield Array.from({ length: BATCH }, (): FedEvent => {
          this.taken += 1;
          const event = {
            sessionId: '01a1fe67-59c3-7e76-818f-224716029ae9',
            seq: this.taken,
            type: 'message.received' as const,
            data: { text: 'x'.repeat(1_000) },
            epoch: 1,
            createdAt: 0,
            metadata: null,
          };
          return { event, slug: 'shop', cursor: String(this.taken) };
        });
      }
    },
    close: () => undefined,
  };
}

it('a client that takes nothing costs one batch, and has the id behind what it has taken', async () => {
  const feed = endless();
  let text = '';
  let goOn: (() => void) | undefined;
  const client = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      goOn = done;
    },
  });
  void writeEventStream(client, feed, payloadOf);
  const takeOne = async () => {
    for (let n = 0; n < 50; n += 1) await turn();
    goOn?.();
  };
  await takeOne();
  for (let n = 0; n < 200; n += 1) await turn();
  expect(feed.taken).toBeLessThanOrEqual(2 * BATCH);
  for (let n = 0; n < 20; n += 1) await takeOne();
  const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  expect(ids).toEqual(Array.from(ids, (_, index) => index));
  expect(ids.length).toBeGreaterThan(5 * BATCH);
  expect(feed.taken - ids.length).toBeLessThanOrEqual(2 * BATCH);
});
