import { DEFAULT_TIMING } from '@wa-gate/cluster';
import { EVENTS, type NoticeKind } from '@wa-gate/contracts';
import { inTransaction } from '@wa-gate/db';
import { createLogger, createSecretBox, systemClock } from '@wa-gate/kit';
import type { Appended } from '@wa-gate/messaging';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMailQueue, MAIL_BOX, type MailQueue } from '../../modules/mail/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { ADMIN } from '../../testing/gateway-fixture.ts';
import { mailsTo } from '../../testing/mailbox.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { markEnded } from './incident-rows.ts';
import { createNoticeLoop } from './notice-loop.ts';
import { observeIncidents } from './observe-incidents.ts';

const PUBLIC_URL = 'https://gate.example.test/wa/';
const fixture = useGateway({ SMTP_HOST: 'mail.example.test', NOTICE_DELAY: '10m', PUBLIC_URL });
const logger = createLogger({ service: 'test', level: 'silent' });
const announced: Appended[] = [];
let user: TestUser;
let session: TestSession;
let workspaceId: string;
let admin: string;

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await fixture.database.pool.query<T>(text, values)).rows;
const mailQueue = (isOn = true): MailQueue =>
  createMailQueue({ box: createSecretBox([fixture.masterKey], MAIL_BOX), isOn });

function loop({ delaySeconds = 0, mail = mailQueue(), settleSeconds = 0 } = {}) {
  return createNoticeLoop({
    pool: fixture.database.pool,
    mail,
    clock: systemClock,
    logger,
    announce: (appended) => announced.push(appended),
    delaySeconds,
    settleSeconds,
    publicUrl: PUBLIC_URL,
    takeoverGraceMs: DEFAULT_TIMING.takeoverGraceMs,
  });
}

const look = async (options: Parameters<typeof loop>[0] = {}) => void (await loop(options).round());
const events = async (of: TestSession = session) =>
  (
    await query<{ data: { kind: string; step: string } }>(
      `SELECT data FROM events WHERE session_id = $1 AND type = 'session.notice' ORDER BY seq`,
      [of.id],
    )
  ).map(({ data }) => `${data.kind} ${data.step}`);
const mails = async (address = user.email) =>
  (await mailsTo(fixture, address)).filter(({ subject }) => subject.startsWith('wa-gate'));
const incidents = () =>
  query<{ kind: string; told: boolean; ended: boolean }>(
    'SELECT kind, told_at IS NOT NULL AS told, ended_at IS NOT NULL AS ended FROM incidents ORDER BY id',
  );
const set = (columns: string) => query(`UPDATE sessions SET ${columns} WHERE id = $1`, [session.id]);
const settings = (body: Record<string, unknown>) =>
  fixture.call('PATCH', `/api/workspaces/${workspaceId}/notices/settings`, { as: user.token, body });

/** What makes each kind true of the session, and what ends it. */
const CAUSES: Record<
  Exclude<NoticeKind, 'worker_lost' | 'no_capacity' | 'client_outdated'>,
  { begins: () => Promise<unknown>; ends: () => Promise<unknown> }
> = {
  down: {
    begins: () => set(`state = 'RECONNECTING', state_reason = 'The connection was lost.'`),
    ends: () => set(`state = 'CONNECTED'`),
  },
  logged_out: {
    begins: () => set(`state = 'LOGGED_OUT', state_code = '401/device_removed', paired_at = NULL`),
    ends: () => set(`state = 'CONNECTED', state_code = NULL, paired_at = now(), connected_at = now()`),
  },
  banned: {
    begins: () => set(`state = 'BANNED', state_reason = 'WhatsApp has banned this account (406).'`),
    ends: () => set(`state = 'CONNECTED'`),
  },
  restricted: { begins: () => set(`state = 'RESTRICTED'`), ends: () => set(`state = 'CONNECTED'`) },
  capped: {
    begins: () => set(`message_capping = '{"status":"capped","used":100,"total":100,"cycleEndsAt":null}'`),
    ends: () => set(`message_capping = '{"status":"none","used":0,"total":100,"cycleEndsAt":null}'`),
  },
  at_risk: {
    begins: () => set(`message_capping = '{"status":"first_warning","used":80,"total":100,"cycleEndsAt":null}'`),
    ends: () => set('message_capping = NULL'),
  },
  webhook_off: {
    begins: async () => {
      await fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, {
        as: user.token,
        body: { url: 'https://example.com/x?secret=1' },
      });
      await query('UPDATE webhooks SET is_active = false WHERE session_id = $1', [session.id]);
    },
    ends: () => query('UPDATE webhooks SET is_active = true WHERE session_id = $1', [session.id]),
  },
  webhook_down: {
    begins: async () => {
      await fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, {
        as: user.token,
        body: { url: 'https://example.com/x?secret=1' },
      });
      const down = `failing_since = now(), failed_probes = 1, probe_at = now() + interval '1 minute'`;
      await query(`UPDATE webhooks SET ${down} WHERE session_id = $1`, [session.id]);
    },
    ends: () => query('UPDATE webhooks SET failing_since = NULL, probe_at = NULL WHERE session_id = $1', [session.id]),
  },
};

beforeAll(async () => {
  admin = await fixture.adminToken();
  await fixture.startWorker('worker-1');
  user = await fixture.register();
  await query('UPDATE users SET email_verified_at = now() WHERE email = $1', [user.email]);
  workspaceId = (await fixture.call('GET', '/api/auth/me', { as: user.token })).body.data.workspaceId;
});
beforeEach(async () => {
  await query('DELETE FROM sessions');
  await query('DELETE FROM incidents');
  await query('DELETE FROM mails');
  await query('DELETE FROM notice_settings');
  await query('UPDATE workspace_members SET notices = true');
  await query('UPDATE users SET notices = true');
  await query(`UPDATE worker_leases SET ended_at = NULL, ended_reason = NULL, expires_at = now() + interval '1 hour'`);
  announced.length = 0;
  session = await fixture.createSession(user);
  await set(`state = 'CONNECTED', paired_at = now(), connected_at = now() - interval '1 day', last_seen_at = now()`);
});

describe('a high risk score is an incident (MR-097, MR-174)', () => {
  const assessed = (level: string) =>
    query(
      `INSERT INTO session_risk (session_id, score, level, reasons, assessed_at) VALUES ($1, 62, $2, $3, now())
       ON CONFLICT (session_id) DO UPDATE SET level = excluded.level`,
      [
        session.id,
        level,
        JSON.stringify([{ signal: 'unanswered', points: 25, reason: 'Nobody answers.', advice: 'x' }]),
      ],
    );

  it('told with its reasons, and over when the level is lower', async () => {
    await assessed('elevated');
    await look();
    expect(await events()).toEqual([]);
    await assessed('high');
    await look();
    const [event] = await query<{ data: { reason: string; action: string } }>(
      `SELECT data FROM events WHERE session_id = $1 AND type = 'session.notice'`,
      [session.id],
    );
    expect(event!.data.reason).toBe('The risk score of the account is 62 of 100. Nobody answers.');
    expect(event!.data.action).toContain(`/api/sessions/${session.slug}/risk`);
    await assessed('elevated');
    await look();
    expect(await events()).toEqual(['at_risk begun', 'at_risk resolved']);
  });

  it('what WhatsApp has done already is told alone', async () => {
    await assessed('critical');
    await CAUSES.restricted.begins();
    await look();
    expect(await events()).toEqual(['restricted begun']);
  });
});

describe('an incident of a session is told by mail and event, once (MR-174)', () => {
  it.each(Object.entries(CAUSES))('%s', async (kind, { begins, ends }) => {
    await begins();
    await look();
    await look();
    expect(await events()).toEqual([`${kind} begun`]);
    expect(announced.flatMap((appended) => appended.events.map(({ type }) => type))).toEqual(['session.notice']);
    const [mail, ...others] = await mails();
    expect(others).toEqual([]);
    expect(mail!.text).toContain('What to do: ');
    expect(mail!.text).toMatch(/^https:\/\/gate\.example\.test\/wa\/(?:api\/)?sessions\/session-\d+/m);
    expect(mail!.text).not.toContain('secret=1');
    await ends();
    await look();
    await look();
    expect(await events()).toEqual([`${kind} begun`, `${kind} resolved`]);
    expect(await mails()).toHaveLength(1);
    expect(await incidents()).toEqual([{ kind, told: true, ended: true }]);
    // The same again is another incident.
    await begins();
    await look();
    expect(await events()).toHaveLength(3);
    expect(await mails()).toHaveLength(2);
  });

  it('a mail about a logout has the way to link again', async () => {
    await CAUSES.logged_out.begins();
    await look();
    const [mail] = await mails();
    expect(mail!.subject).toContain('is logged out');
    expect(mail!.text).toMatch(new RegExp(`^https://gate.example.test/wa/sessions/${session.slug}$`, 'm'));
  });

  it('several at once are one mail, and an event of each', async () => {
    const second = await fixture.createSession(user);
    await query(`UPDATE sessions SET state = 'ERROR', paired_at = now()`);
    await look();
    expect([...(await events()), ...(await events(second))]).toEqual(['down begun', 'down begun']);
    const [mail, ...others] = await mails();
    expect(others).toEqual([]);
    expect(mail!.subject).toBe('wa-gate: 2 notices');
    for (const { slug } of [session, second]) expect(mail!.text).toContain(`Session ${slug}`);
  });

  it('by any number of processes at once', async () => {
    await CAUSES.down.begins();
    await Promise.all(Array.from({ length: 8 }, () => look()));
    expect(await events()).toEqual(['down begun']);
    expect(await mails()).toHaveLength(1);
    await CAUSES.down.ends();
    await Promise.all(Array.from({ length: 8 }, () => look()));
    expect(await events()).toEqual(['down begun', 'down resolved']);
  });

  it('also when a process dies between the event and the mail', async () => {
    await CAUSES.down.begins();
    const dying: MailQueue = { isOn: true, enqueue: () => Promise.reject(new Error('killed')) };
    await expect(look({ mail: dying })).rejects.toThrow('killed');
    expect([await events(), await mails()]).toEqual([['down begun'], []]);
    await look();
    expect(await events()).toEqual(['down begun']);
    expect(await mails()).toHaveLength(1);
  });
});

describe('what is no incident, or not yet', () => {
  it('nothing is told before the delay is over, and nothing of what ended by then', async () => {
    await CAUSES.down.begins();
    await look({ delaySeconds: 600 });
    expect(await incidents()).toEqual([{ kind: 'down', told: false, ended: false }]);
    await query(`UPDATE incidents SET began_at = now() - interval '599 s'`);
    await look({ delaySeconds: 600 });
    expect(await events()).toEqual([]);
    await query(`UPDATE incidents SET began_at = now() - interval '600 s'`);
    await look({ delaySeconds: 600 });
    expect(await events()).toEqual(['down begun']);
    await query('DELETE FROM incidents');
    await look({ delaySeconds: 600 });
    await CAUSES.down.ends();
    await look({ delaySeconds: 600 });
    expect(await incidents()).toEqual([]);
  });

  it('a session that was connected in between has not been down for that long', async () => {
    await CAUSES.down.begins();
    await look({ delaySeconds: 600 });
    await query(`UPDATE incidents SET began_at = now() - interval '1 hour'`);
    await set('connected_at = now()');
    await look({ delaySeconds: 600 });
    expect(await events()).toEqual([]);
  });

  it('one that comes and goes is told once, until it stays', async () => {
    await CAUSES.down.begins();
    await look();
    for (let time = 0; time < 3; time += 1) {
      await set(`state = 'CONNECTED', connected_at = now()`);
      await look({ settleSeconds: 60 });
      await CAUSES.down.begins();
      await look({ settleSeconds: 60 });
    }
    expect(await events()).toEqual(['down begun']);
    await set(`state = 'CONNECTED', connected_at = now() - interval '61 s'`);
    await look({ settleSeconds: 60 });
    expect(await events()).toEqual(['down begun', 'down resolved']);
  });

  it('a session that the API has logged out or stopped, or that was never linked', async () => {
    await set(`state = 'LOGGED_OUT', state_code = 'api/logout', paired_at = NULL`);
    await look();
    await set(`state = 'RECONNECTING', state_code = NULL, paired_at = now(), desired_state = 'STOPPED'`);
    await look();
    await set(`state = 'QR_REQUIRED', paired_at = NULL, desired_state = 'RUNNING'`);
    await look();
    expect(await incidents()).toEqual([]);
  });

  it('a logout lasts until the session is linked again, whatever it shows meanwhile', async () => {
    await CAUSES.logged_out.begins();
    await look();
    for (const state of ['CONNECTING', 'QR_REQUIRED', 'PAIRING']) {
      await set(`state = '${state}', state_code = NULL`);
      await look();
    }
    expect(await events()).toEqual(['logged_out begun']);
    await CAUSES.logged_out.ends();
    await look();
    expect(await events()).toEqual(['logged_out begun', 'logged_out resolved']);
  });

  it('one that another takes the place of ends without a word', async () => {
    await CAUSES.down.begins();
    await look();
    await CAUSES.logged_out.begins();
    await look();
    expect(await events()).toEqual(['down begun', 'logged_out begun']);
    expect(await incidents()).toEqual([
      { kind: 'down', told: true, ended: true },
      { kind: 'logged_out', told: true, ended: false },
    ]);
  });

  it('the incidents of a session go with it', async () => {
    await CAUSES.down.begins();
    await look();
    await query('DELETE FROM sessions WHERE id = $1', [session.id]);
    await look();
    expect(await incidents()).toEqual([]);
  });
});

describe('a session whose worker is gone', () => {
  it('is down, whatever its last worker has written', async () => {
    await query(`UPDATE worker_leases SET ended_at = now(), ended_reason = 'goodbye'`);
    await look();
    expect(await events()).toEqual(['down begun']);
    expect((await mails())[0]!.text).toContain('The worker of the session is gone');
  });

  it('is not over while its next worker connects, though the last one had written that it was connected', async () => {
    const { pool } = fixture.database;
    await query(`UPDATE worker_leases SET ended_at = now(), ended_reason = 'goodbye'`);
    await look();
    await query('UPDATE worker_leases SET ended_at = NULL, ended_reason = NULL');
    const times = { waitSeconds: 0, settleSeconds: 0, takeoverGraceMs: DEFAULT_TIMING.takeoverGraceMs };
    const ref = (await observeIncidents(pool, times)).over.find(({ sessionId }) => sessionId === session.id)!;
    await set(`state = 'CONNECTING'`);
    expect(await inTransaction(pool, (tx) => markEnded(tx, ref))).toBeNull();
    await look();
    expect(await events()).toEqual(['down begun']);
    await set(`state = 'CONNECTED', connected_at = now() - interval '1 s'`);
    await look();
    expect(await events()).toEqual(['down begun', 'down resolved']);
  });
});

describe('administrators hear of (MR-174)', () => {
  const told = async () => (await mails(ADMIN.email)).map(({ subject }) => subject);

  it('workers that are lost, once, and not of those that said goodbye', async () => {
    await query(`UPDATE worker_leases SET ended_at = now(), ended_reason = 'goodbye'`);
    await look({ delaySeconds: 60 });
    await query(`UPDATE incidents SET began_at = now() - interval '1 hour' WHERE kind = 'worker_lost'`);
    await look({ delaySeconds: 60 });
    expect(await told()).toEqual([]);
    await query(`UPDATE worker_leases SET ended_reason = 'connection refused'`);
    await look({ delaySeconds: 60 });
    await query(`UPDATE incidents SET began_at = now() - interval '1 hour' WHERE kind = 'worker_lost'`);
    await look({ delaySeconds: 60 });
    await look({ delaySeconds: 60 });
    expect(await told()).toEqual(['wa-gate: Worker worker-1 is lost']);
    const { body } = await fixture.call('GET', '/api/admin/notices?open=true', { as: admin });
    expect(body.data.notices).toMatchObject([{ kind: 'worker_lost', subject: 'worker-1', mails: 1, resolved: false }]);
    await query(`UPDATE worker_leases SET ended_at = NULL`);
    await look({ delaySeconds: 60 });
    const after = await fixture.call('GET', '/api/admin/notices?open=false', { as: admin });
    expect(after.body.data.notices).toMatchObject([{ kind: 'worker_lost', resolved: true }]);
  });

  it('sessions that wait for a worker for too long', async () => {
    await query(
      `UPDATE session_placements SET state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL, changed_at = now()`,
    );
    await look({ delaySeconds: 60 });
    expect(await told()).toEqual([]);
    await query(`UPDATE session_placements SET changed_at = now() - interval '61 s'`);
    await look({ delaySeconds: 60 });
    await look({ delaySeconds: 60 });
    expect(await told()).toEqual(['wa-gate: No room for sessions (sandbox)']);
    expect((await mails(ADMIN.email))[0]!.text).toContain('1 session of the network sandbox wait');
  });

  it('webhooks that are switched off, beside their owners, unless they do not want to', async () => {
    await CAUSES.webhook_off.begins();
    await look();
    expect(await told()).toEqual([expect.stringContaining('is switched off')]);
    await CAUSES.webhook_off.ends();
    await look();
    expect(await told()).toEqual([expect.anything(), expect.stringContaining('over: The webhook')]);
    const subscription = { as: admin, body: { mail: false } };
    expect((await fixture.call('PUT', '/api/admin/notices/subscription', subscription)).status).toBe(200);
    await CAUSES.webhook_off.begins();
    await look();
    expect(await told()).toHaveLength(2);
    expect(await mails()).toHaveLength(2);
  });
});

describe('who gets what is a setting of the workspace', () => {
  it('a delay of its own, in place of that of the installation', async () => {
    expect((await settings({ delaySeconds: 3_600 })).body.data.settings).toMatchObject({ delaySeconds: 3_600 });
    await CAUSES.down.begins();
    await look();
    expect(await events()).toEqual([]);
    expect((await settings({ delaySeconds: null })).body.data.settings.delaySeconds).toBe(600);
    await look();
    expect(await events()).toEqual(['down begun']);
  });

  it('kinds that are not mailed are events all the same', async () => {
    await settings({ kinds: ['logged_out'] });
    await CAUSES.down.begins();
    await look();
    expect([await events(), await mails()]).toEqual([['down begun'], []]);
  });

  it('the end is mailed where that is wanted', async () => {
    await settings({ ends: true });
    await CAUSES.down.begins();
    await look();
    await CAUSES.down.ends();
    await look();
    await look();
    expect((await mails()).map(({ subject }) => subject)).toEqual([
      `wa-gate: Session ${session.slug} (Test) is not connected`,
      `wa-gate: over: Session ${session.slug} (Test) is not connected`,
    ]);
  });

  it('a member who does not want them, or whose address nobody has proved, gets none, and the settings say why', async () => {
    const recipients = async () => {
      const { body } = await fixture.call('GET', `/api/workspaces/${workspaceId}/notices/settings`, { as: user.token });
      return body.data.settings.recipients;
    };
    expect(await recipients()).toMatchObject([{ email: user.email, mailed: true, reason: null }]);
    const url = `/api/workspaces/${workspaceId}/notices/subscription`;
    expect((await fixture.call('PUT', url, { as: user.token, body: { mail: false } })).body.data).toEqual({
      mail: false,
    });
    expect(await recipients()).toMatchObject([{ mailed: false, reason: expect.stringContaining('does not want') }]);
    await CAUSES.down.begins();
    await look();
    await fixture.call('PUT', url, { as: user.token, body: { mail: true } });
    await query('UPDATE users SET email_verified_at = NULL WHERE email = $1', [user.email]);
    expect(await recipients()).toMatchObject([{ mailed: false, reason: expect.stringContaining('not confirmed') }]);
    await CAUSES.restricted.begins();
    await look();
    await query('UPDATE users SET email_verified_at = now() WHERE email = $1', [user.email]);
    expect(await events()).toEqual(['down begun', 'restricted begun']);
    expect(await mails()).toEqual([]);
  });

  it('other members get them when the settings name their role', async () => {
    const viewer = await fixture.register();
    await query('UPDATE users SET email_verified_at = now() WHERE email = $1', [viewer.email]);
    const invited = await fixture.call('POST', `/api/workspaces/${workspaceId}/invitations`, {
      as: user.token,
      body: { email: viewer.email, role: 'viewer' },
    });
    await fixture.call('POST', `/api/invitations/${invited.body.data.token}/accept`, { as: viewer.token });
    await settings({ roles: ['owner', 'viewer'] });
    await CAUSES.down.begins();
    await look();
    expect([(await mails()).length, (await mails(viewer.email)).length]).toEqual([1, 1]);
    await settings({ roles: [] });
    await CAUSES.restricted.begins();
    await look();
    expect([(await mails()).length, (await mails(viewer.email)).length]).toEqual([1, 1]);
  });

  it('a wrong kind, delay or field is refused', async () => {
    for (const body of [{ kinds: ['worker_lost'] }, { delaySeconds: -1 }, { roles: ['boss'] }, { recipients: [] }]) {
      expect(await settings(body), JSON.stringify(body)).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    }
  });
});

describe('the list of notices', () => {
  it('shows those of the workspace, newest first, in pages', async () => {
    await CAUSES.down.begins();
    await look();
    await CAUSES.restricted.begins();
    await look();
    const url = `/api/workspaces/${workspaceId}/notices`;
    const first = (await fixture.call('GET', `${url}?limit=1`, { as: user.token })).body.data;
    expect(first.notices).toMatchObject([{ kind: 'restricted', subject: session.slug, mails: 1, endedAt: null }]);
    const { nextCursor } = first.pagination;
    const second = (await fixture.call('GET', `${url}?limit=1&cursor=${nextCursor}`, { as: user.token })).body.data;
    expect(second.notices).toMatchObject([{ kind: 'down', resolved: false }]);
    expect(second.pagination).toEqual({ nextCursor: null, hasMore: false });
    expect((await fixture.call('GET', `${url}?cursor=x`, { as: user.token })).status).toBe(400);
    const stranger = await fixture.register();
    expect((await fixture.call('GET', url, { as: stranger.token })).status).toBe(404);
  });
});

it('without a mail server everything but the mail happens, and the settings say so', async () => {
  await CAUSES.down.begins();
  await look({ mail: mailQueue(false) });
  await look();
  expect([await events(), await mails()]).toEqual([['down begun'], []]);
  const { body } = await fixture.call('GET', `/api/workspaces/${workspaceId}/notices`, { as: user.token });
  expect(body.data.notices).toMatchObject([{ mails: 0, toldAt: expect.any(String) }]);
});

it('the event is as the registry promises', async () => {
  await CAUSES.logged_out.begins();
  await look();
  const [row] = await query<{ data: Record<string, unknown> }>(`SELECT data FROM events WHERE type = 'session.notice'`);
  expect(Object.keys(row!.data).sort()).toEqual(Object.keys(EVENTS['session.notice'].example).sort());
});
