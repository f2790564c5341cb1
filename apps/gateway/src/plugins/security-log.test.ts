import { createLogger } from '@wa-gate/kit';
import Fastify from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ApiError } from '../http/api-error.ts';
import { errors } from './errors.ts';
import { requestContext } from './request-context.ts';
import { securityLog } from './security-log.ts';

const lines: Record<string, unknown>[] = [];
const logger = createLogger({ service: 'test', destination: { write: (line) => void lines.push(JSON.parse(line)) } });
const app = Fastify({ loggerInstance: logger, disableRequestLogging: true });
beforeAll(async () => {
  await app.register(errors);
  await app.register(requestContext);
  await app.register(securityLog);
  app.get('/refused/:code', async (request) => {
    throw new ApiError((request.params as { code: 'FORBIDDEN' }).code);
  });
  app.post('/changed', { config: { audit: 'thing.changed' } as never }, async (request) => {
    request.principal = { kind: 'key', userId: 'u', workspaceId: 'w', keyId: 'k' } as never;
    return {};
  });
  app.post('/failed', { config: { audit: 'thing.changed' } as never }, async () => {
    throw new ApiError('SESSION_EXISTS');
  });
  app.get('/read', async () => ({}));
});
afterAll(() => app.close());
beforeEach(() => {
  lines.length = 0;
});

it.each(['UNAUTHENTICATED', 'INVALID_CREDENTIALS', 'FORBIDDEN', 'CSRF', 'RL_IP', 'TIER_MESSAGE_LIMIT'])(
  'tells of the refusal %s, to whom and where (MR-178)',
  async (code) => {
    await app.inject(`/refused/${code}`);
    expect(lines).toMatchObject([
      { level: 'info', security: code, msg: 'refused', ip: '127.0.0.1', method: 'GET', route: '/refused/:code' },
    ]);
  },
);

it('tells of a change, and by whom', async () => {
  await app.inject({ method: 'POST', url: '/changed' });
  expect(lines).toMatchObject([
    { security: 'thing.changed', msg: 'changed', userId: 'u', workspaceId: 'w', keyId: 'k', route: '/changed' },
  ]);
});

it('does not tell of what is neither', async () => {
  await app.inject('/read');
  await app.inject('/refused/SESSION_NOT_FOUND');
  await app.inject({ method: 'POST', url: '/failed' });
  expect(lines).toEqual([]);
});

it('is not flooded by whoever floods us', async () => {
  const begun = performance.now();
  for (let count = 0; count < 50; count += 1) await app.inject('/refused/IP_DENIED');
  const seconds = (performance.now() - begun) / 1_000;
  // At most one line a second, besides the first.
  expect(lines.length).toBeLessThanOrEqual(1 + seconds);
});
