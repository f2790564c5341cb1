import { RATE_LIMITS, type RateLimitName } from '@wa-gate/contracts';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, createGatewayFixture, type TestUser } from '../../testing/gateway-fixture.ts';
import { otherwiseFor, shortest } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway({}, { rateLimits: 'default' });
let admin: string;
let user: TestUser;

beforeAll(async () => {
  admin = await fixture.adminToken();
  user = await fixture.register();
});
beforeEach(() => fixture.redis.flushdb());

const set = (bucket: RateLimitName, max: number, windowSeconds = 900) =>
  fixture.call('PUT', `/api/admin/rate-limits/${bucket}`, { as: admin, body: { max, windowSeconds } });
const reset = (bucket: RateLimitName) => fixture.call('DELETE', `/api/admin/rate-limits/${bucket}`, { as: admin });

/** The key of a fresh workspace key with this role. */
async function keyOf(role: 'OWNER' | 'OPERATOR' | 'VIEWER'): Promise<string> {
  const { apiKey, email } = await fixture.register();
  const { rows } = await fixture.database.pool.query<{ id: string }>(
    `UPDATE api_keys k SET role = $2 FROM users u WHERE u.id = k.user_id AND u.email = $1 RETURNING k.id`,
    [email, role],
  );
  expect(rows).toHaveLength(1);
  return apiKey;
}

async function statusesOf(count: number, call: () => Promise<{ status: number }>): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) statuses.push((await call()).status);
  return statuses;
}

describe('buckets (MR-073 … MR-082)', () => {
  it.each([
    ['login_ip', 5, 900],
    ['login_account', 5, 900],
    ['messages_send', 50, 900],
    ['broadcasts', 10, 3_600],
    ['dashboard', 100, 900],
    ['qr', 20, 900],
    ['key_operator', 1_000, 3_600],
    ['key_viewer', 100, 3_600],
    ['ip', 1_000, 900],
    ['session_operations', 60, 60],
    ['invitations', 50, 3_600],
  ] as const)('%s allows %i in %i s', (bucket, max, windowSeconds) => {
    expect(RATE_LIMITS[bucket]).toMatchObject({ max, windowSeconds });
  });

  it('limits the keys of viewers by key, and says so (MR-080)', async () => {
    const [viewer, another] = [await keyOf('VIEWER'), await keyOf('VIEWER')];
    const call = () => fixture.call('GET', '/api/sessions', { as: viewer });
    expect(await statusesOf(100, call)).toEqual(Array(100).fill(200));
    const refused = await call();
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({
      code: 'RL_KEY',
      retryable: true,
      details: { bucket: 'key_viewer', limit: 100, windowSeconds: 3_600, used: 100 },
    });
    expect(refused.body.error).toMatch(
      /^The limit `key_viewer` is reached: at most 100 in 1 hour\. Try again in \d+ \w+\./,
    );
    expect((await fixture.call('GET', '/api/sessions', { as: another })).status).toBe(200);
  });

  it('limits the keys of operators to 1000 in an hour, and those of owners not at all (MR-078, MR-079)', async () => {
    const [operator, owner] = [await keyOf('OPERATOR'), await keyOf('OWNER')];
    const ofOperator = await fixture.call('GET', '/api/sessions', { as: operator });
    expect(ofOperator.headers['ratelimit-policy']).toBe('1000;w=3600;name="key_operator"');
    const ofOwner = await fixture.call('GET', '/api/sessions', { as: owner });
    expect(ofOwner.headers['ratelimit-policy']).toBe('10000;w=3600;name="message_limit"');
    expect(ofOwner.headers['ratelimit-remaining']).toBe('10000');
  });

  it('counts requests without a valid credential by their address, and those with one not (MR-081)', async () => {
    await set('ip', 3);
    await fixture.redis.flushdb();
    const unproved = () => fixture.call('GET', '/api/sessions', { as: 'wag_test_00000000_nobody' });
    expect(await statusesOf(4, unproved)).toEqual([401, 401, 401, 429]);
    const refused = await unproved();
    expect([refused.body.code, refused.body.details.bucket]).toEqual(['RL_IP', 'ip']);
    expect((await fixture.call('GET', '/api/tiers')).status).toBe(429);
    expect(await statusesOf(5, () => fixture.call('GET', '/api/sessions', { as: user.token }))).toEqual(
      Array(5).fill(200),
    );
    await reset('ip');
  });

  it('counts session operations by workspace (MR-082)', async () => {
    const create = (as: string) => fixture.call('POST', '/api/sessions', { as, body: { name: 'x', network: 'live' } });
    const [first, second] = [await fixture.register(), await fixture.register()];
    const statuses = await statusesOf(60, () => create(first.token));
    expect(statuses).toEqual(Array(60).fill(503));
    const refused = await create(first.apiKey);
    expect([refused.status, refused.body.code, refused.body.details.bucket]).toEqual([
      429,
      'RL_ENDPOINT',
      'session_operations',
    ]);
    expect((await create(second.token)).status).toBe(503);
  });

  it.each([
    ['messages_send', 'POST', '/api/messages/send', { to: '+15551234567', message: 'hi' }],
    ['dashboard', 'GET', '/api/dashboard/metrics', undefined],
    ['dashboard', 'GET', '/api/dashboard/history', undefined],
  ] as const)(
    'counts in %s what a person asks by %s %s, and nothing of keys (MR-074, MR-076)',
    async (bucket, method, path, body) => {
      await set(bucket, 2);
      const person = await fixture.register();
      const askedBy = (as: string) => () => fixture.call(method, path, { as, ...(body && { body }) });
      const allowed = method === 'GET' ? 200 : 404;
      expect(await statusesOf(3, askedBy(person.token))).toEqual([allowed, allowed, 429]);
      const refused = await askedBy(person.token)();
      expect([refused.body.code, refused.body.details.bucket]).toEqual(['RL_ENDPOINT', bucket]);
      expect(await statusesOf(3, askedBy(person.apiKey))).toEqual(Array(3).fill(allowed));
      await reset(bucket);
    },
  );

  it('counts nothing for what the caller may not do', async () => {
    await set('session_operations', 2, 60);
    const viewer = await keyOf('VIEWER');
    const create = () => fixture.call('POST', '/api/sessions', { as: viewer, body: { name: 'x' } });
    expect(await statusesOf(4, create)).toEqual([403, 403, 403, 403]);
    await reset('session_operations');
  });
});

describe('one call', () => {
  it('takes from all buckets or from none', async () => {
    await set('session_operations', 2, 60);
    const key = await keyOf('OPERATOR');
    await fixture.redis.flushdb();
    // An operator may not make sessions; its own bucket counts, and the other does not.
    await fixture.call('POST', '/api/sessions', { as: key, body: { name: 'x' } });
    const counts = async () => {
      const names = (await fixture.redis.keys('wag:rl:*')).sort();
      return await Promise.all(names.map(async (name) => [name.split(':')[2], await fixture.redis.get(name)]));
    };
    expect(await counts()).toEqual([['key_operator', '1']]);
    const owner = await fixture.register();
    await fixture.redis.flushdb();
    const create = () => fixture.call('POST', '/api/sessions', { as: owner.token, body: { name: 'x' } });
    expect(await statusesOf(3, create)).toEqual([503, 503, 429]);
    expect(await counts()).toEqual([['session_operations', '2']]);
    await reset('session_operations');
  });

  it('costs a request one command in Redis, hit included', async () => {
    const key = await keyOf('OPERATOR');
    await fixture.call('GET', '/api/sessions', { as: key });
    const { rows } = await fixture.database.pool.query<{ id: string }>(
      `SELECT id FROM api_keys WHERE role = 'OPERATOR' ORDER BY id DESC LIMIT 1`,
    );
    const monitor = fixture.redis.duplicate({ monitor: true, lazyConnect: false });
    // Lines that come together with the answer to MONITOR are an error for the client, and none of this gateway.
    monitor.on('error', () => undefined);
    await new Promise((resolve) => monitor.once('monitoring', resolve));
    const commands: { source: string; words: string[] }[] = [];
    monitor.on('monitor', (_time: string, words: string[], source: string) => commands.push({ source, words }));
    for (let index = 0; index < 10; index += 1) await fixture.call('GET', '/api/sessions', { as: key });
    await fixture.redis.echo(`the end of ${rows[0]!.id}`);
    await waitFor(() => commands.some(({ words }) => words.includes(`the end of ${rows[0]!.id}`)));
    monitor.disconnect();
    // What a script runs inside of Redis (source `lua`) is no round trip; other connections are none of this gateway.
    const own = commands.find(
      ({ source, words }) => source !== 'lua' && words.some((word) => word.endsWith(rows[0]!.id)),
    );
    const sent = commands.filter(({ source, words }) => source === own?.source && words[0] !== 'echo');
    expect(sent.map(({ words }) => words[0]!.toLowerCase())).toEqual(Array(10).fill('evalsha'));
  });

  it('counts a request once for usage, also when it takes from more buckets later', async () => {
    const { token, email } = await fixture.register();
    const { rows } = await fixture.database.pool.query<{ id: string }>('SELECT id FROM users WHERE email = $1', [
      email,
    ]);
    const hits = async () => {
      const counts = Object.entries(await fixture.redis.hgetall('wag:usage:hits'));
      return counts.filter(([field]) => field.includes(rows[0]!.id)).map(([, count]) => count);
    };
    const body = { currentPassword: 'not this one', newPassword: 'another correct horse' };
    const { headers } = await fixture.call('POST', '/api/auth/password', { as: token, body });
    expect(headers['ratelimit-policy']).toMatch(/name="login_/);
    expect(await hits()).toEqual(['1']);
  });

  it('goes on when Redis has forgotten its scripts', async () => {
    await fixture.redis.script('FLUSH');
    expect((await fixture.call('GET', '/api/sessions', { as: user.token })).status).toBe(200);
  });

  it('is exact under concurrency', async () => {
    const key = await keyOf('VIEWER');
    const answers = await Promise.all(
      Array.from({ length: 130 }, () => fixture.call('GET', '/api/sessions', { as: key })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  it('ends a window, also one that was made shorter or has lost its end', async () => {
    const key = await keyOf('VIEWER');
    await fixture.call('GET', '/api/sessions', { as: key });
    const [name] = await fixture.redis.keys('wag:rl:key_viewer:*');
    await fixture.redis.persist(name!);
    await fixture.call('GET', '/api/sessions', { as: key });
    expect(await fixture.redis.pttl(name!)).toBeGreaterThan(3_500_000);
    await set('key_viewer', 100, 1);
    await fixture.call('GET', '/api/sessions', { as: key });
    expect(await fixture.redis.pttl(name!)).toBeLessThanOrEqual(1_000);
    await waitFor(async () => (await fixture.redis.exists(name!)) === 0);
    await reset('key_viewer');
  });
});

describe('headers (docs/api.md)', () => {
  it('tell on every answer what is left of the bucket that is closest to its end', async () => {
    const key = await keyOf('VIEWER');
    const { headers } = await fixture.call('GET', '/api/sessions', { as: key });
    expect(headers).toMatchObject({
      'ratelimit-limit': '100',
      'ratelimit-remaining': '99',
      'ratelimit-reset': '3600',
      'ratelimit-policy': '100;w=3600;name="key_viewer"',
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '99',
      'x-ratelimit-reset': '3600',
    });
    expect(headers['retry-after']).toBeUndefined();
  });

  it('are on refusals too: 401, 403, 404, 429 with Retry-After', async () => {
    const key = await keyOf('VIEWER');
    for (const [path, as, status] of [
      ['/api/sessions', 'nonsense', 401],
      ['/api/admin/rate-limits', key, 403],
      ['/api/sessions/none', key, 404],
    ] as const) {
      const answer = await fixture.call('GET', path, { as });
      expect([answer.status, Number(answer.headers['ratelimit-remaining']) > 0]).toEqual([status, true]);
    }
    await set('key_viewer', 1);
    await fixture.call('GET', '/api/sessions', { as: key });
    const refused = await fixture.call('GET', '/api/sessions', { as: key });
    expect(refused.headers).toMatchObject({ 'ratelimit-limit': '1', 'ratelimit-remaining': '0' });
    expect(refused.headers['retry-after']).toBe(refused.headers['ratelimit-reset']);
    expect(`${refused.body.retryAfter}`).toBe(refused.headers['ratelimit-reset']);
    await reset('key_viewer');
  });
});

describe('every route of the API', () => {
  it('says what is left, whoever asks', async () => {
    const { paths } = (await fixture.app.describeApi()) as { paths: Record<string, Record<string, unknown>> };
    const silent: string[] = [];
    for (const [path, methods] of Object.entries(paths).filter(([path]) => path.startsWith('/api/'))) {
      for (const method of Object.keys(methods)) {
        const url = path.replace(/\{\w+\}/g, 'x');
        const answer = await fixture.call(method.toUpperCase() as 'GET', url, { as: 'nonsense' });
        if (answer.headers['ratelimit-policy'] === undefined) silent.push(`${method} ${path} ${answer.status}`);
      }
    }
    // Monitors ask the one, workers the other: neither is limited.
    expect(silent).toEqual(['put /api/admin/workers/{id}/heartbeat 400', 'get /api/health 200']);
  });

  it('that does not exist does so too', async () => {
    const { status, headers } = await fixture.call('GET', '/api/nowhere');
    expect([status, headers['ratelimit-policy']]).toEqual([404, '1000;w=900;name="ip"']);
  });
});

describe('the administrator', () => {
  it('sees all of them, changes one and sets it back, which the audit log tells (MR-162)', async () => {
    const list = await fixture.call('GET', '/api/admin/rate-limits', { as: admin });
    expect(list.body.data.rateLimits.map(({ bucket }: { bucket: string }) => bucket)).toEqual(Object.keys(RATE_LIMITS));
    const changed = await set('qr', 7, 60);
    expect(changed.body.data).toMatchObject({
      bucket: 'qr',
      max: 7,
      windowSeconds: 60,
      default: { max: 20, windowSeconds: 900 },
      isDefault: false,
    });
    expect((await reset('qr')).body.data).toMatchObject({ max: 20, windowSeconds: 900, isDefault: true });
    const { rows } = await fixture.database.pool.query(
      `SELECT actor_name, before, after FROM audit_logs WHERE action = 'rate_limit.updated' AND resource_id = 'qr' ORDER BY id`,
    );
    const [byDefault, low] = [
      { max: 20, windowSeconds: 900 },
      { max: 7, windowSeconds: 60 },
    ];
    expect(rows).toEqual([
      { actor_name: ADMIN.email, before: byDefault, after: low },
      { actor_name: ADMIN.email, before: low, after: byDefault },
    ]);
  });

  it.each([
    ['qr', { max: 0, windowSeconds: 60 }],
    ['qr', { max: 1, windowSeconds: 0 }],
    ['qr', { max: 1.5, windowSeconds: 60 }],
    ['qr', { max: 1e300, windowSeconds: 60 }],
    ['qr', { max: 5 }],
    ['qr', { max: 5, windowSeconds: 60, off: true }],
    ['none', { max: 5, windowSeconds: 60 }],
    ['__proto__', { max: 5, windowSeconds: 60 }],
  ])('cannot set %s to %j', async (bucket, body) => {
    const { status } = await fixture.call('PUT', `/api/admin/rate-limits/${bucket}`, { as: admin, body });
    expect(status).toBe(400);
  });

  it('alone may change them', async () => {
    const body = { max: 5, windowSeconds: 60 };
    for (const as of [user.token, user.apiKey]) {
      expect((await fixture.call('PUT', '/api/admin/rate-limits/ip', { as, body })).status).toBe(403);
      expect((await fixture.call('DELETE', '/api/admin/rate-limits/ip', { as })).status).toBe(403);
      expect((await fixture.call('PUT', '/api/admin/tiers/basic', { as, body: {} })).status).toBe(403);
    }
  });
});

describe('the PaaS brief’s RATE_LIMIT_MAX_REQUESTS and RATE_LIMIT_WINDOW_MS (MR-081)', () => {
  it('are the default of the limit per address, which an administrator may change', async () => {
    const other = await createGatewayFixture(
      { RATE_LIMIT_MAX_REQUESTS: '7', RATE_LIMIT_WINDOW_MS: '60000' },
      { beside: fixture },
    );
    try {
      const policy = async () => (await other.call('GET', '/api/tiers')).headers['ratelimit-policy'];
      expect(await policy()).toBe('7;w=60;name="ip"');
      const change = (method: 'PUT' | 'DELETE', body?: object) =>
        other.call(method, '/api/admin/rate-limits/ip', { as: admin, ...(body && { body }) });
      await change('PUT', { max: 9, windowSeconds: 30 });
      expect(await policy()).toBe('9;w=30;name="ip"');
      expect((await change('DELETE')).body.data).toMatchObject({ max: 7, windowSeconds: 60, isDefault: true });
      expect(await policy()).toBe('7;w=60;name="ip"');
    } finally {
      await other.close();
    }
  });
});

describe('another gateway', () => {
  it('judges by a changed limit and a changed tier within a second', async () => {
    const other = await createGatewayFixture({}, { beside: fixture });
    try {
      const policyOf = async (path: string, as: string) =>
        (await other.call('GET', path, { as })).headers['ratelimit-policy'];
      const becomes = (as: string, policy: string) =>
        otherwiseFor(async () => String(await policyOf('/api/sessions', as)).startsWith(policy));
      // Another number each time: what a round before has brought about proves nothing.
      let round = 0;
      const changed = await shortest(1_000, async () => {
        round += 1;
        await set('ip', 70 + round, 60);
        return await becomes('nonsense', `${70 + round};w=60;`);
      });
      const setBack = await shortest(1_000, async () => {
        round += 1;
        await set('ip', 70 + round, 60);
        await becomes('nonsense', `${70 + round};w=60;`);
        await reset('ip');
        return await becomes('nonsense', '1000;w=900;');
      });
      const ofTier = await shortest(1_000, async () => {
        round += 1;
        const body = { maxSessions: 20, messagesPerHour: 9_900 + round };
        await fixture.call('PUT', '/api/admin/tiers/max', { as: admin, body });
        return await becomes(user.token, `${9_900 + round};`);
      });
      const body = { maxSessions: 20, messagesPerHour: 10_000 };
      await fixture.call('PUT', '/api/admin/tiers/max', { as: admin, body });
      expect(Math.max(changed, setBack, ofTier)).toBeLessThan(1_000);
    } finally {
      await other.close();
    }
  });
});

describe('GET /api/limits', () => {
  it('shows a person tier and buckets, and counts nothing', async () => {
    const { token } = await fixture.register();
    const ask = () => fixture.call('GET', '/api/limits', { as: token });
    await ask();
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body.data.tier).toEqual({
      name: 'max',
      sessions: { max: 20, used: 0, remaining: 20 },
      messagesPerHour: { max: 10_000, used: 0, remaining: 10_000, resetAt: expect.any(String) },
    });
    expect(body.data.buckets.map((bucket: { bucket: string; used: number }) => [bucket.bucket, bucket.used])).toEqual([
      ['session_operations', 0],
      ['invitations', 0],
      ['messages_send', 0],
      ['broadcasts', 0],
      ['dashboard', 0],
      ['qr', 0],
    ]);
  });

  it('shows a key its own bucket, and does not count in it', async () => {
    const key = await keyOf('VIEWER');
    await fixture.call('GET', '/api/sessions', { as: key });
    for (let index = 0; index < 3; index += 1) {
      const { body, headers } = await fixture.call('GET', '/api/limits', { as: key });
      expect(body.data.buckets[0]).toMatchObject({ bucket: 'key_viewer', max: 100, used: 1, remaining: 99 });
      expect(headers['ratelimit-remaining']).toBe('99');
    }
  });
});
