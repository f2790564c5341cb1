import { createLogger, createRedis } from '@wa-gate/kit';

/** The count of commands that Redis has received, by name. The calls of a script are counted under the script, too. */
export async function readCommands(url: string): Promise<Map<string, number>> {
  const redis = createRedis({ url, logger: createLogger({ service: 'load', level: 'silent' }), name: 'load' });
  await redis.connect();
  const info = await redis.info('commandstats');
  redis.disconnect();
  return new Map(
    [...info.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name, calls]) => [name!, Number(calls)]),
  );
}

/** The round trips: scripts, and commands of clients outside of scripts. `script` identifies the counting scripts. */
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
