import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type PairedSession,
  pairSession,
  readQr,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const mailDir = mkdtempSync(join(tmpdir(), 'wa-gate-mail-'));
const gateway = { NOTICE_DELAY: '1s', MAIL_DIR: mailDir, PUBLIC_URL: 'https://gate.example.test' };
// Both gateways run the jobs.
const system = useSystem({ workers: 1, gateways: 2, env: { gateway } });
let tenant: Tenant;

beforeAll(async () => {
  tenant = await registerTenant(system());
  await system().services.pool.query('UPDATE users SET email_verified_at = now() WHERE email = $1', [tenant.email]);
});
afterAll(() => rm(mailDir, { recursive: true, force: true }));

/** The texts of the mails to an address, unfolded. A mail that was sent again has the file that it had. */
async function mails(address: string): Promise<string[]> {
  const texts = await Promise.all((await readdir(mailDir)).map((name) => readFile(join(mailDir, name), 'utf8')));
  return texts.filter((text) => text.includes(`To: ${address}`) && text.includes('Subject: wa-gate: '));
}

async function unlink({ phone }: PairedSession): Promise<void> {
  const [device] = await system().sandbox.devices(phone.number);
  await system().sandbox.removeDevice(phone.number, device!.id);
}

test('a session that is logged out tells its owner by mail and webhook, with a link, and says when it is linked again (MR-174)', async () => {
  const session = await pairSession(system(), tenant);
  const webhook = await subscribe(tenant, session.sessionId, ['session.notice']);
  await unlink(session);

  const begun = await webhook.waitForEvent('session.notice');
  const link = `https://gate.example.test/sessions/${session.sessionId}`;
  expect(begun.data).toMatchObject({ kind: 'logged_out', step: 'begun', link });
  const mail = await waitFor(async () => (await mails(tenant.email)).find((text) => text.includes(session.sessionId)), {
    what: 'the mail',
  });
  expect(mail.split('\n')).toContain(link);

  await tenant.api.wa.sessions.restart({ id: session.sessionId });
  await system().sandbox.scan(session.phone.number, await readQr(system(), tenant.api, session.sessionId));
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  const { noticeId } = begun.data;
  await webhook.waitForEvent('session.notice', ({ data }) => data.noticeId === noticeId && data.step === 'resolved');
  expect(webhook.events.map(({ data }) => data.step)).toEqual(['begun', 'resolved']);
  await webhook.close();
});

test('an account that WhatsApp restricts, caps, warns or bans is told of', async () => {
  const session = await pairSession(system(), tenant);
  const webhook = await subscribe(tenant, session.sessionId, ['session.notice']);
  const [companion] = await system().sandbox.devices(session.phone.number);
  const device = `${session.phone.number}:${companion!.id}`;
  const faults: [string, Record<string, unknown>][] = [
    ['at_risk', { kind: 'capping', capping: { status: 'FIRST_WARNING', used: 80, total: 100 } }],
    ['capped', { kind: 'capping', capping: { status: 'CAPPED', used: 100, total: 100 } }],
    ['restricted', { kind: 'time-lock' }],
    ['banned', { kind: 'ban', code: 406 }],
  ];
  for (const [kind, fault] of faults) {
    const faultId = await system().sandbox.addFault({ device, ...fault });
    await webhook.waitForEvent('session.notice', ({ data }) => data.kind === kind && data.step === 'begun');
    await system().sandbox.cancelFault(faultId);
  }
  await webhook.close();
});

test('a worker that is killed: its session is down, administrators hear of it, and both are over when it is back', async () => {
  const session = await pairSession(system(), tenant);
  const webhook = await subscribe(tenant, session.sessionId, ['session.notice']);
  const [worker] = system().workers;
  await worker!.stop({ signal: 'SIGKILL' });
  const begun = await webhook.waitForEvent('session.notice', ({ data }) => data.kind === 'down');
  const { email } = system().admin;
  const subjects = async () => (await mails(email)).map((text) => /^Subject: (.*)$/m.exec(text)![1]!);
  await waitFor(
    async () => {
      const told = await subjects();
      return (
        told.some((subject) => /Worker|2 notices/.test(subject)) &&
        told.some((subject) => /No room|2 notices/.test(subject))
      );
    },
    { what: 'the mails to the administrator' },
  );
  await worker!.start();
  await webhook.waitForEvent(
    'session.notice',
    ({ data }) => data.noticeId === begun.data.noticeId && data.step === 'resolved',
  );
  await webhook.close();
});

test('jobs that are killed again and again tell each incident once', async () => {
  const sessions = [
    await pairSession(system(), tenant),
    await pairSession(system(), tenant),
    await pairSession(system(), tenant),
  ];
  for (const session of sessions) {
    await unlink(session);
    await system().restart('gateway-2', 'SIGKILL');
  }
  const names = sessions.map(({ sessionId }) => sessionId);
  const { pool } = system().services;
  const events = async () =>
    (
      await pool.query<{ slug: string }>(
        `SELECT s.slug FROM events e JOIN sessions s ON s.id = e.session_id
         WHERE e.type = 'session.notice' AND e.data->>'kind' = 'logged_out' AND s.slug = ANY($1) ORDER BY s.slug`,
        [names],
      )
    ).rows.map(({ slug }) => slug);
  const mailed = async () => {
    const text = (await mails(tenant.email)).join('\n');
    return names.map((name) => text.split(`\nSession ${name} is logged out\n`).length - 1);
  };
  // The claim of a sender that was killed amid a mail runs out after two minutes: here at once.
  const endClaims = () => pool.query('UPDATE mails SET next_attempt = now() WHERE sent_at IS NULL');
  await endClaims();
  await waitFor(async () => (await mailed()).every((count) => count > 0), { what: 'a mail about each session' });
  await system().restart('gateway-2', 'SIGKILL');
  await endClaims();
  // Whatever was half done is done by now: every mail has left.
  await waitFor(async () => (await pool.query('SELECT 1 FROM mails WHERE sent_at IS NULL')).rowCount === 0);
  expect(await events()).toEqual([...names].sort());
  expect(await mailed()).toEqual([1, 1, 1]);
});

expectSoundSystem(system);
