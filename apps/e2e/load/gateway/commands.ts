import { createLogger, createRedis } from '@wa-gate/kit';

/** Commands that Redis has been sent so far; what a script calls inside counts as one with the script. */
export async function readCommands(url: string): Promise<Map<string, number>> {
  const redis = createRedis({ url, logger: createLogger({ service: 'load', level: 'silent' }), name: 'load' });
  await redis.connect();
  const info = await redis.info('commandstats');
  redis.disconnect();
  return new Map(
    [...info.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name, calls]) => [name!, Number(calls)]),
  );
}

/**
 * Round trips: scripts, and what clients send without one. `script` is what the counting of scripts is told apart by.
 */
export function roundTrips(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Map<string, number> {
  return new Map(
    [...after]
      .map(([name, calls]) => [name, calls - (before.get(name) ?? 0)] as const)
      .filter(([, calls]) => calls > 0)
      .toSorted(([, a], [, b]) => b - a),
  );
}
