import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { JOIN_TOKEN } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { startWorkerStandIn, type WorkerStandIn } from '../../testing/worker-stand-in.ts';
import { TOKEN_OVERLAP_SECONDS } from './worker-tokens.ts';

const fixture = useGateway();
let worker: WorkerStandIn;
let admin: string;
let token: string;
beforeAll(async () => {
  worker = await startWorkerStandIn(fixture.masterKey, 'w1');
  admin = await fixture.adminToken();
});
afterAll(async () => {
  await worker?.close();
});
beforeEach(async () => {
  token = (await register()).body.data.token;
});

const register = (as = JOIN_TOKEN) =>
  fixture.call('POST', '/api/admin/workers/register', { as, body: { workerId: 'w1', endpoint: worker.endpoint } });
const metrics = { sessionCount: 1, cpuUsage: 2, memoryUsage: 3 };
const beat = (headers: Record<string, string>, id = 'w1') =>
  fixture.call('PUT', `/api/admin/workers/${id}/heartbeat`, { headers, body: { metrics } });
const beatAs = (as: string) => beat({ authorization: `Bearer ${as}` });
const rotate = (as: string) => fixture.call('POST', '/api/admin/workers/w1/token', { as });
/** As if the last rotation were so long ago. */
const age = (seconds: number) =>
  fixture.database.pool.query(`UPDATE workers SET token_rotated_at = token_rotated_at - $1 * interval '1 s'`, [
    seconds,
  ]);

describe('the token of a worker (MR-148, C10)', () => {
  it('comes in both headers', async () => {
    expect((await beat({ authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await beat({ 'x-worker-token': token })).status).toBe(200);
  });

  it('is stored as a hash only', async () => {
    const { rows } = await fixture.database.pool.query('SELECT * FROM workers');
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(rows[0].token_hash).toHaveLength(32);
  });

  it('rotates; the former one is good for the overlap and no longer', async () => {
    const { status, body } = await rotate(token);
    expect([status, body.data]).toEqual([200, { workerId: 'w1', token: expect.stringMatching(/^wag_wk_/) }]);
    expect(body.data.token).not.toBe(token);
    expect([(await beatAs(token)).status, (await beatAs(body.data.token)).status]).toEqual([200, 200]);
    await age(TOKEN_OVERLAP_SECONDS + 1);
    expect([(await beatAs(token)).status, (await beatAs(body.data.token)).status]).toEqual([401, 200]);
  });

  it('rotates again with the former one when the answer was lost, which does not prolong its life', async () => {
    const lost = (await rotate(token)).body.data.token;
    await age(TOKEN_OVERLAP_SECONDS - 30);
    const { status, body } = await rotate(token);
    expect(status).toBe(200);
    expect([(await beatAs(lost)).status, (await beatAs(body.data.token)).status]).toEqual([401, 200]);
    await age(31);
    expect([(await beatAs(token)).status, (await rotate(token)).status]).toEqual([401, 401]);
    expect((await beatAs(body.data.token)).status).toBe(200);
  });

  it('ends with the life of the worker, and the former one with it', async () => {
    const fresh = (await rotate(token)).body.data.token;
    await register();
    expect([(await beatAs(token)).status, (await beatAs(fresh)).status]).toEqual([401, 401]);
  });

  it('is revoked by an administrator, with the former one, until the worker registers again', async () => {
    const fresh = (await rotate(token)).body.data.token;
    const { status, body } = await fixture.call('DELETE', '/api/admin/workers/w1/token', { as: admin });
    expect([status, body.data]).toEqual([200, { workerId: 'w1', revoked: true }]);
    expect([(await beatAs(token)).status, (await beatAs(fresh)).status, (await rotate(fresh)).status]).toEqual([
      401, 401, 401,
    ]);
    // Revoked is not the same as never registered.
    const { body: shown } = await fixture.call('GET', '/api/admin/workers/w1', { as: admin });
    expect(shown.data.status).toBe('online');
    const again = (await register()).body.data.token;
    expect((await beatAs(again)).status).toBe(200);
  });

  it('is revoked by administrators only, for a worker that is there', async () => {
    const user = await fixture.register();
    const refused = await fixture.call('DELETE', '/api/admin/workers/w1/token', { as: user.token });
    const unknown = await fixture.call('DELETE', '/api/admin/workers/nobody/token', { as: admin });
    expect([refused.status, unknown.status, unknown.body.code]).toEqual([403, 404, 'WORKER_NOT_FOUND']);
    expect((await beatAs(token)).status).toBe(200);
  });

  it('leaves an entry in the audit log with each change, and no token in it', async () => {
    await rotate(token);
    await fixture.call('DELETE', '/api/admin/workers/w1/token', { as: admin });
    const { rows } = await fixture.database.pool.query(
      `SELECT action, actor_kind AS kind, actor_name AS name, resource_id AS id, before, after FROM audit_logs a WHERE resource_type = 'worker' ORDER BY a.id DESC LIMIT 3`,
    );
    expect(rows).toMatchObject([
      { action: 'worker.token_revoked', kind: 'user', id: 'w1' },
      { action: 'worker.token_rotated', kind: 'worker', name: 'w1', id: 'w1' },
      { action: 'worker.registered', kind: 'worker', name: 'w1', id: 'w1' },
    ]);
    expect(JSON.stringify(rows)).not.toContain('wag_wk_');
  });
});

describe('a wrong token is refused with what to do', () => {
  it.each([
    ['none', () => beat({}), /needs the token of a worker/],
    ['the join token', () => beatAs(JOIN_TOKEN), /The join token only joins/],
    ['an invented one', () => beatAs('wag_wk_invented'), /not the present token of this worker.*Register again/],
    ['an unknown worker', () => beat({ 'x-worker-token': token }, 'w9'), /not the present token of this worker/],
    ['an API token', () => beatAs(admin), /not the present token of this worker/],
    ['a worker token, to join', () => register(token), /Joining needs the join token/],
    ['an invented one, to join', () => register('x'), /not the join token of this installation/],
  ])('%s', async (_what, ask, sentence) => {
    const { status, body } = await ask();
    expect([status, body.code, body.error]).toEqual([401, 'UNAUTHENTICATED', expect.stringMatching(sentence)]);
  });

  it('and counted by the address, which working heartbeats are not', async () => {
    const guess = await beatAs('wag_wk_invented');
    expect(Number(guess.headers['x-ratelimit-remaining'])).toBeGreaterThan(0);
    expect((await beatAs(token)).headers).not.toHaveProperty('x-ratelimit-remaining');
  });
});
