import { randomBytes } from 'node:crypto';
import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway({ TRUST_PROXY: 'true' }, { rateLimits: 'default' });
const second = useGateway({ TRUST_PROXY: 'true' }, { beside: fixture });
let admin: string;
let adminKey: string;
beforeAll(async () => {
  admin = await fixture.adminToken();
  const made = await fixture.call('POST', '/api/keys', { as: admin, body: { name: 'way in', scope: 'admin' } });
  adminKey = made.body.data.apiKey;
});

const newIp = () => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;
async function register(): Promise<string> {
  const email = `${randomBytes(6).toString('hex')}@example.test`;
  await fixture.call('POST', '/api/auth/register', { body: { email, password: 'correct horse' } });
  return email;
}
async function login(email: string, password: string, ip: string, gateway: GatewayFixture = fixture): Promise<number> {
  const { status } = await gateway.call('POST', '/api/auth/login', {
    body: { email, password },
    headers: { 'x-forwarded-for': ip },
  });
  return status;
}
async function fail(email: string, ip = newIp(), times = 5): Promise<void> {
  for (let time = 0; time < times; time += 1) expect(await login(email, `wrong ${time}`, ip)).toBe(401);
}
const locks = async (query = '', as = admin) => {
  const { status, body } = await fixture.call('GET', `/api/admin/login-locks${query}`, { as });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.loginLocks;
};
const lift = (id: string, as = admin) => fixture.call('DELETE', `/api/admin/login-locks/${id}`, { as });

describe('an office behind one address (MR-073)', () => {
  it('is not locked out by one person, however often their password is wrong', async () => {
    const [office, ann, ben] = [newIp(), await register(), await register()];
    await fail(ann, office);
    expect(await login(ann, 'correct horse', office)).toBe(429);
    expect(await login(ben, 'correct horse', office)).toBe(200);
    expect(await login(ben, 'wrong', office)).toBe(401);
  });

  it('does not fill up with those who mistyped and came in then', async () => {
    const office = newIp();
    for (let person = 0; person < 8; person += 1) {
      const email = await register();
      await fail(email, office, 2);
      expect(await login(email, 'correct horse', office)).toBe(200);
    }
  });

  it('with five accounts that failed lets no sixth try, and each of the five finish', async () => {
    const office = newIp();
    const people = [];
    for (let person = 0; person < 6; person += 1) people.push(await register());
    for (const email of people.slice(0, 5)) await fail(email, office, 1);
    expect(await login(people[5]!, 'correct horse', office)).toBe(429);
    expect(await login(people[0]!, 'correct horse', office, second)).toBe(200);
    expect(await login(people[5]!, 'correct horse', office, second)).toBe(200);
  });

  it('lets many accounts at the same time through no more than five, over two gateways', async () => {
    const office = newIp();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        login(`nobody${index}@example.test`, 'x', office, index % 2 ? second : fixture),
      ),
    );
    expect(answers.filter((status) => status === 401)).toHaveLength(5);
  });
});

describe('an administrator and the locks (MR-073)', () => {
  it('sees the lock of an account and lifts this one alone, on every gateway', async () => {
    const [ann, ben] = [await register(), await register()];
    await fail(ann);
    await fail(ben);
    const [lock, ...others] = await locks(`?email=${ann.toUpperCase()}`);
    expect(others).toEqual([]);
    expect(lock).toMatchObject({
      kind: 'account',
      bucket: 'login_account',
      emails: [ann],
      address: null,
      counted: 5,
      max: 5,
    });
    expect(Date.parse(lock.lockedUntil) - Date.now()).toBeGreaterThan(800_000);
    expect((await locks()).flatMap(({ emails }: { emails: string[] }) => emails)).toEqual(
      expect.arrayContaining([ann, ben]),
    );
    expect((await lift(lock.id)).body.data).toEqual({ id: lock.id, lifted: true });
    expect(await login(ann, 'correct horse', newIp(), second)).toBe(200);
    expect(await login(ben, 'correct horse', newIp())).toBe(429);
    expect(await locks(`?email=${ann}`)).toEqual([]);
    const { rows } = await fixture.database.pool.query(
      `SELECT before FROM audit_logs WHERE action = 'login_lock.lifted' AND resource_id = $1`,
      [lock.id],
    );
    expect(rows[0].before).toMatchObject({ kind: 'account', emails: [ann], counted: 5 });
  });

  it('sees the lock of an address with the users who failed there, and lifts it', async () => {
    const [office, ann, ben] = ['198.51.100.77', await register(), await register()];
    await fail(ann, office, 1);
    for (let nobody = 0; nobody < 4; nobody += 1) await fail(`nobody-${nobody}@example.test`, office, 1);
    expect(await login(ben, 'correct horse', office)).toBe(429);
    const [lock] = await locks(`?address=${office}`);
    expect(lock).toMatchObject({ kind: 'address', address: office, emails: [ann], counted: 5, max: 5 });
    expect((await lift(lock.id, adminKey)).status).toBe(200);
    expect(await login(ben, 'correct horse', office)).toBe(200);
    expect(await locks(`?address=${office}`)).toEqual([]);
  });

  it('finds an IPv6 client by any address of its network', async () => {
    const net = '2001:db8:77:1';
    for (let nobody = 0; nobody < 5; nobody += 1) await fail(`none-${nobody}@example.test`, `${net}::${nobody + 1}`, 1);
    expect(await locks(`?address=${net}:a:b:c:d`)).toMatchObject([{ address: `${net}::`, counted: 5 }]);
  });

  it('hears of no lock that there is not, and of no address that is none', async () => {
    const email = await register();
    await fail(email, newIp(), 4);
    expect(await locks(`?email=${email}`)).toEqual([]);
    for (const id of ['account_abc', 'address_MTk4LjUxLjEwMC45OQ']) {
      const { status, body } = await lift(id);
      expect([status, body.code]).toEqual([404, 'LOGIN_LOCK_NOT_FOUND']);
    }
    expect((await lift('nonsense')).status).toBe(400);
    expect((await fixture.call('GET', '/api/admin/login-locks?address=x', { as: admin })).status).toBe(400);
  });

  it('is an administrator', async () => {
    const { token } = await fixture.register();
    expect((await fixture.call('GET', '/api/admin/login-locks', { as: token })).status).toBe(403);
    expect((await lift('account_abc', token)).status).toBe(403);
  });
});

describe('while Redis is away (MR-073)', () => {
  let line: FaultProxy;
  let alone: GatewayFixture;
  beforeAll(async () => {
    line = await createFaultProxy(testRedisUrl());
    alone = await createGatewayFixture({ TRUST_PROXY: 'true' }, { beside: fixture, redis: line.url });
  });
  afterAll(async () => {
    await alone?.close();
    await line?.close();
  });

  it('an administrator sees and lifts the locks of the gateway that answers', async () => {
    const email = await register();
    line.set('refuse');
    const call = async (method: 'GET' | 'DELETE', path: string) =>
      (await alone.call(method, `/api/admin/login-locks${path}`, { as: adminKey })).body.data;
    // The gateways share the limit while they count by themselves, so that it may be less than five here.
    await waitFor(async () => (await login(email, 'wrong', newIp(), alone)) === 429);
    const { loginLocks } = await call('GET', `?email=${email}`);
    expect(loginLocks).toMatchObject([{ kind: 'account', emails: [email] }]);
    await call('DELETE', `/${loginLocks[0].id}`);
    expect(await login(email, 'correct horse', newIp(), alone)).toBe(200);
    line.set('forward');
  });
});
