import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range that Linux takes the local ports of outgoing connections from, and those of servers that ask for any:
 * such a port could be somebody else's a moment later, or while the process that uses it restarts. The launcher takes
 * its ports from 20 000 on.
 */
const RANGE = [12_000, 20_000] as const;
const given = new Set<number>();

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

/** A loopback port that is free now and stays so: this process has given it to nobody before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...RANGE);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}
