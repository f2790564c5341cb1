import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range that Linux uses for outgoing connections and for servers that request any port. A port of that range
 * could be taken while its process restarts. The launcher uses ports from 20 000 on.
 */
const RANGE = [12_000, 20_000] as const;
/** Each process of vitest has an eighth of the ports, so that no two of them choose the same one. */
const SHARES = 8;
const share = Number(process.env.VITEST_POOL_ID ?? 0) % SHARES;
/** The latest ones, in their order: half of the share, so that a free one is found soon. */
const given = new Set<number>();
const MOST_GIVEN = (RANGE[1] - RANGE[0]) / SHARES / 2;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Returns a free loopback port that this process has not returned lately. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = SHARES * randomInt(RANGE[0] / SHARES, RANGE[1] / SHARES) + share;
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    if (given.size > MOST_GIVEN) given.delete(given.values().next().value!);
    return port;
  }
}
