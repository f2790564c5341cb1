import { createLogger, createRedis } from '@wa-gate/kit';
import { CommandError } from '../errors.ts';

/** A Redis of another program. It is read, and not changed. */
export interface ForeignRedis {
  /** The hashes whose names match, each with its fields, in no order. */
  hashes(match: string): AsyncIterable<{ name: string; fields: Record<string, string> }>;
  close(): void;
}

/**
 * @param program whose Redis it is, for the sentence of an error
 * @throws {CommandError} when it does not answer
 */
export async function openForeignRedis(url: string, program: string): Promise<ForeignRedis> {
  const redis = createRedis({ url, logger: createLogger({ service: 'wag', level: 'silent' }), name: 'wag-cli' });
  try {
    await redis.connect();
  } catch (cause) {
    throw new CommandError(`The Redis of ${program} does not answer (${(cause as Error).message}).`, { cause });
  }
  return {
    async *hashes(match) {
      // A scan may show a name more than once.
      const seen = new Set<string>();
      for await (const names of redis.scanStream({ match, type: 'hash', count: 1000 }) as AsyncIterable<string[]>) {
        for (const name of names) {
          if (seen.has(name)) continue;
          seen.add(name);
          yield { name, fields: await redis.hgetall(name) };
        }
      }
    },
    close: () => redis.disconnect(),
  };
}
