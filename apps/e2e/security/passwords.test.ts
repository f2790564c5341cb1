import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerTenant, type Tenant, uniqueName } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { measurePairs } from './attacks/paired-times.ts';
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
const MEASUREMENT = { tolerance: 0.05, warmUpPairs: 5, roundPairs: 200, mostPairs: 400 };
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

test('an unknown e-mail and a wrong password: the same answer, the same work, the same time (MR-002, MR-150)', async () => {
  const asked = {
    wrongPassword: () => tryLogin(tenant.email),
    unknownEmail: () => tryLogin(`${uniqueName('nobody')}@example.test`),
  };
  const counted = async (ask: keyof typeof asked) => {
    const before = verifications();
    const answer = await asked[ask]();
    expect(verifications() - before, `argon2 verifications for ${ask}`).toBe(1);
    return answer;
  };
  const difference = await measurePairs({
    ...MEASUREMENT,
    measure: async (unknownFirst) => {
      const early = unknownFirst ? await counted('unknownEmail') : undefined;
      const wrongPassword = await counted('wrongPassword');
      const unknownEmail = early ?? (await counted('unknownEmail'));
      expect(unknownEmail.status).toBe(401);
      expect(unknownEmail.body).toEqual(wrongPassword.body);
      return [wrongPassword.ms, unknownEmail.ms];
    },
  });
  expect(difference.verdict, JSON.stringify(difference)).not.toBe('different');
  // On a machine that is too busy for certainty the best estimate counts.
  expect(Math.abs(difference.differenceMs), JSON.stringify(difference)).toBeLessThan(
    difference.usualMs * MEASUREMENT.tolerance,
  );
});

test('a right password is one verification too', async () => {
  const before = verifications();
  expect((await tryLogin(tenant.email, tenant.password)).status).toBe(200);
  expect(verifications() - before).toBe(1);
});

test.each(['forgot-password', 'verify-email/resend'])('%s does not reveal who has an account', async (route) => {
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
