import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, freePort, startApp, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { Agent, request } from 'undici';
import { expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../bundle/main.js', import.meta.url));
const DELAY_MS = 2_000;

it('a gateway that ends is not ready, answers on for SHUTDOWN_DELAY_MS, and closes each connection after its answer (MR-177)', async () => {
  const database = await createTestDatabase();
  const url = `http://127.0.0.1:${await freePort()}`;
  const gateway = await startApp({
    entry: ENTRY,
    healthUrl: `${url}/readyz`,
    env: {
      HOST: '127.0.0.1',
      PORT: new URL(url).port,
      ROLE: 'api',
      DATABASE_URL: database.url,
      REDIS_URL: testRedisUrl(),
      WAG_MASTER_KEY: randomBytes(32).toString('base64'),
      WORKER_AUTH_TOKEN: 'join-token-of-the-drain-test',
      SHUTDOWN_GRACE_MS: '20000',
      SHUTDOWN_DELAY_MS: String(DELAY_MS),
    },
  });
  // A client that keeps its connection.
  const dispatcher = new Agent({ connections: 1, keepAliveTimeout: 60_000 });
  const ask = async (path: string) => {
    const { statusCode, headers, body } = await request(`${url}${path}`, { dispatcher });
    await body.dump();
    return { status: statusCode, connection: headers.connection };
  };
  // Browsers open connections ahead. Nothing comes on this one, and nobody waits for it.
  const unused = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  try {
    expect(await ask('/readyz')).toEqual({ status: 200, connection: 'keep-alive' });
    const begun = performance.now();
    const ended = gateway.stop('SIGTERM').then((code) => ({ code, afterMs: performance.now() - begun }));
    await waitFor(async () => (await ask('/readyz')).status === 503);
    let answers = 0;
    while (performance.now() - begun < DELAY_MS - 500) {
      // An API call without a credential: answered by its own rules.
      expect(await ask('/api/sessions')).toEqual({ status: 401, connection: 'close' });
      expect(await ask('/livez')).toEqual({ status: 200, connection: 'close' });
      answers += 1;
    }
    expect(answers).toBeGreaterThan(0);
    const { code, afterMs } = await ended;
    expect(code).toBe(0);
    expect(afterMs).toBeGreaterThanOrEqual(DELAY_MS);
    expect(afterMs).toBeLessThan(20_000);
    await expect(ask('/livez')).rejects.toThrow(/ECONNREFUSED/);
  } finally {
    unused.destroy();
    await dispatcher.destroy();
    await gateway.stop('SIGKILL');
    await database.drop();
  }
});
