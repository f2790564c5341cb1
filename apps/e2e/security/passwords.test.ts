import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerTenant, type Tenant, uniqueName } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { administratorOf } from './world/administrator.ts';

const folder = mkdtempSync(join(tmpdir(), 'wa-gate-argon2-'));
const counted = join(folder, 'verifications');
writeFileSync(counted, '');
afterAll(() => rmSync(folder, { recursive: true }));

const counter = fileURLToPath(repositoryFile('apps/e2e/security/fixtures/count-verifications.mjs'));
const system = useSystem({
  workers: 0,
  nodeFlags: { gateway: ['--import', counter] },
  env: { gateway: { ARGON2_COUNT_FILE: counted } },
});
const PAIRS = 200;
let tenant: Tenant;

beforeAll(async () => {
  tenant = await registerTenant(system());
});

async function tryLogin(email: string, password = 'not the password') {
  const begun = performance.now();
  const { status, body } = await system().gateway.call('/api/auth/login', {
    method: 'POST',
    json: { email, password },
  });
  return { ms: performance.now() - begun, status, body: { ...(body as object), requestId: '' } };
}

const verifications = (): number => readFileSync(counted, 'utf8').length;
const median = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;

test('an unknown e-mail and a wrong password: the same answer, the same work, the same time (MR-002, MR-150)', async () => {
  const known: number[] = [];
  const unknown: number[] = [];
  await tryLogin('nobody@example.test');
  for (let pair = 0; pair < PAIRS; pair++) {
    const before = verifications();
    const wrongPassword = await tryLogin(tenant.email);
    const between = verifications();
    const wrongEmail = await tryLogin(`${uniqueName('nobody')}@example.test`);
    expect([between - before, verifications() - between], 'argon2 verifications').toEqual([1, 1]);
    expect(wrongEmail.status).toBe(401);
    expect(wrongEmail.body).toEqual(wrongPassword.body);
    known.push(wrongPassword.ms);
    unknown.push(wrongEmail.ms);
  }
  const difference = Math.abs(median(known) - median(unknown)) / median(known);
  expect(difference, `${median(known)} ms against ${median(unknown)} ms`).toBeLessThan(0.05);
});

test('a right password is one verification too', async () => {
  const before = verifications();
  expect((await tryLogin(tenant.email, tenant.password)).status).toBe(200);
  expect(verifications() - before).toBe(1);
});

test.each(['forgot-password', 'verify-email/resend'])('%s does not tell who has an account', async (route) => {
  const ask = async (email: string) => {
    const { status, body } = await system().gateway.call(`/api/auth/${route}`, { method: 'POST', json: { email } });
    return { status, body: { ...(body as object), requestId: '' } };
  };
  expect(await ask(tenant.email)).toEqual(await ask('nobody@example.test'));
});

test('no hash of a password leaves the gateway, whoever asks', async () => {
  const { api } = await administratorOf(system());
  for (const [client, path] of [
    [tenant.api, '/api/auth/me'],
    [api, '/api/admin/users?limit=100'],
  ] as const) {
    expect(JSON.stringify((await client.call(path)).body)).not.toMatch(/argon2|passwordHash|password_hash/i);
  }
});

expectSoundSystem(system);
