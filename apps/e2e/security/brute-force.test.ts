import { beforeAll, expect, test } from 'vitest';
import { registerTenant, type Tenant, uniqueName } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

/** Two gateways with the default limits of an installation. Each address of 198.51.100.0/24 acts as another client. */
const system = useSystem({ workers: 0, gateways: 2, limits: 'default', env: { gateway: { TRUST_PROXY: 'true' } } });
const GUESSES = 5;
let tenant: Tenant;
let addresses = 0;
const newAddress = () => `198.51.100.${++addresses}`;

beforeAll(async () => {
  tenant = await registerTenant(system());
});

function guess(email: string, password: string, address: string, gateway = 0) {
  const api = system().gatewayAt(system().gateways[gateway]!.url);
  const headers = { 'x-forwarded-for': address };
  return api.call<{ code: string }>('/api/auth/login', { method: 'POST', json: { email, password }, headers });
}
const counted = (statuses: number[]) => ({
  looked: statuses.filter((status) => status === 401).length,
  limited: statuses.filter((status) => status === 429).length,
});

test('one account from many addresses: five guesses, then none is looked at, and the right password is none either (MR-073)', async () => {
  const { email, password } = await registerTenant(system());
  const statuses: number[] = [];
  for (let time = 0; time < 9; time++)
    statuses.push((await guess(email, `wrong ${time}`, newAddress(), time % 2)).status);
  expect(counted(statuses)).toEqual({ looked: GUESSES, limited: 9 - GUESSES });
  const right = await guess(email, password, newAddress());
  expect([right.status, right.body.code]).toEqual([429, 'RL_ENDPOINT']);
  expect(Number(right.headers['retry-after'])).toBeGreaterThan(0);
  // Every spelling of the address belongs to the same account.
  expect((await guess(email.toUpperCase(), password, newAddress())).status).toBe(429);
});

test('one address and many accounts: five guesses (MR-073)', async () => {
  const address = newAddress();
  const statuses: number[] = [];
  for (let time = 0; time < 9; time++) {
    statuses.push((await guess(`${uniqueName('nobody')}@example.test`, 'wrong', address, time % 2)).status);
  }
  expect(counted(statuses)).toEqual({ looked: GUESSES, limited: 9 - GUESSES });
  expect((await guess(tenant.email, tenant.password, address)).status).toBe(429);
  expect((await guess(tenant.email, tenant.password, newAddress())).status).toBe(200);
});

test('forty at the same time over two gateways: five are looked at (MR-073)', async () => {
  const { email } = await registerTenant(system());
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => guess(email, `wrong ${index}`, newAddress(), index % 2)),
  );
  expect(counted(answers.map(({ status }) => status))).toEqual({ looked: GUESSES, limited: 40 - GUESSES });
});

test('who knows the password is not counted', async () => {
  const address = newAddress();
  for (let time = 0; time < 8; time++) expect((await guess(tenant.email, tenant.password, address)).status).toBe(200);
});

test('an address in a header is believed from the proxy only as far as the operator says', async () => {
  const headers = { 'x-api-key': 'wag_live_abcdefgh_nonsense', 'x-forwarded-for': 'not an address' };
  expect((await system().gateway.call('/api/sessions', { headers })).status).toBe(401);
});

expectSoundSystem(system);
