import { createLogger, systemClock } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSessionRemover } from '../../modules/live/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { receive } from '../../testing/inbound.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';
import { createUnlinker } from '../../worker-links/unlinker.ts';
import { createDeletionLoop } from './deletion-loop.ts';
import { createFinishRequest } from './finish-request.ts';

const fixture = useGateway();
let worker: WorkerStandIn;
let user: TestUser;
let session: TestSession;
beforeAll(async () => {
  worker = await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  user = await fixture.register();
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  worker.answer({ body: { unlinked: true } });
});

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await fixture.database.pool.query<T>(text, values)).rows;

/** As a jobs process has it, without a wait for what transactions write late. */
function jobs() {
  const { pool } = fixture.database;
  const { sessions, workspaceRemoval, users, owner } = fixture.gateway.services;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const remover = createSessionRemover({ unlinker: createUnlinker({ owner, logger }), sessions });
  const finishRequest = createFinishRequest({ pool, remover, workspaceRemoval, users });
  const { media } = fixture;
  return createDeletionLoop({ pool, media, finishRequest, clock: systemClock, logger, settledSeconds: 0 });
}
const remove = (path: string, as = user.token) => fixture.call('DELETE', path, { as });
const shown = async (id: string, as = user.token) => (await fixture.call('GET', `/api/deletions/${id}`, { as })).body;
/** As if the gateway that was asked had died a while ago. */
const expire = () => query(`UPDATE deletions SET not_before = now() - interval '1 s'`);
const rowsOf = async (table: string, id: string) =>
  (await query(`SELECT 1 FROM ${table} WHERE session_id = $1`, [id])).length;
const TABLES = [
  'messages',
  'message_keys',
  'events',
  'message_search',
  'chats',
  'session_keys',
  'session_contacts',
  'media',
];

async function storedFiles(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of fixture.media.list('')) keys.push(key);
  return keys;
}

async function converse(): Promise<string> {
  const file = { base64: Buffer.from('some text').toString('base64'), fileName: 'some.txt' };
  const upload = await fixture.call('POST', '/api/media', { as: session.key, body: file });
  expect(upload.status).toBe(201);
  for (let n = 0; n < 30; n += 1)
    await receive(fixture, session, { chatJid: `1555000${n % 7}@s.whatsapp.net`, text: `pesan ${n}` });
  await query(`INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, 'creds', 'creds', 'x')`, [
    session.id,
  ]);
  await fixture.call('GET', '/api/messages?text=pesan', { as: user.token });
  return upload.body.data.mediaId;
}

describe('a deleted session (MR-009)', () => {
  it('is gone for every reader with the answer, its name is free, and later nothing of it is left: no row, no file, no key', async () => {
    const mediaId = await converse();
    for (const table of TABLES) expect(await rowsOf(table, session.id), table).toBeGreaterThan(0);
    const { status, body } = await remove(`/api/sessions/${session.slug}`);
    expect([status, body.data]).toMatchObject([200, { deleted: true, unlinked: true }]);
    const { deletionId } = body.data;

    expect(await rowsOf('messages', session.id)).toBe(30);
    const list = async (path: string) => (await fixture.call('GET', path, { as: user.token })).body.data;
    expect((await list('/api/messages')).messages).toEqual([]);
    expect((await list('/api/messages?text=pesan')).messages).toEqual([]);
    expect((await list('/api/chats')).chats).toEqual([]);
    expect((await list('/api/media')).media).toEqual([]);
    expect((await fixture.call('GET', `/api/media/${mediaId}`, { as: user.token })).status).toBe(404);
    expect((await fixture.call('GET', `/api/sessions/${session.slug}/events`, { as: user.token })).status).toBe(404);
    expect(await shown(deletionId)).toMatchObject({
      data: { kind: 'session', resourceId: session.slug, state: 'erasing', doneAt: null },
    });

    const again = await fixture.createSession(user, { sessionId: session.slug });
    expect([again.slug, again.id === session.id]).toEqual([session.slug, false]);
    await receive(fixture, again, { chatJid: '15550001@s.whatsapp.net', text: 'pesan baru' });
    await jobs().round();
    for (const table of TABLES) expect(await rowsOf(table, session.id), table).toBe(0);
    expect(await storedFiles()).toEqual([]);
    expect(await shown(deletionId)).toMatchObject({ data: { state: 'done', rowsErased: expect.any(Number) } });
    expect((await list('/api/messages')).messages).toHaveLength(1);
  });

  it('is erased to the end by whoever comes next, also by two processes at once', async () => {
    await converse();
    await remove(`/api/sessions/${session.slug}`);
    // A process that has begun and was killed: what it held it holds for a while.
    await query(`UPDATE deletions SET step = 14, not_before = now() - interval '1 s' WHERE subject = $1`, [session.id]);
    await Promise.all([jobs().round(), jobs().round()]);
    await expire();
    await jobs().round();
    for (const table of TABLES) expect(await rowsOf(table, session.id), table).toBe(0);
    expect(await query('SELECT state FROM deletions WHERE subject = $1', [session.id])).toEqual([{ state: 'done' }]);
  });

  it('that could not be deleted after its phone was unlinked is deleted by a job, and the answer says so', async () => {
    await query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$`,
    );
    await query('CREATE TRIGGER refuse BEFORE DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION refuse()');
    const refused = await remove(`/api/sessions/${session.slug}`);
    expect([refused.status, refused.body.code]).toEqual([503, 'DELETION_GOES_ON']);
    const { deletionId } = refused.body.details;
    expect(await shown(deletionId)).toMatchObject({ data: { state: 'requested', removedAt: null } });
    expect((await fixture.call('GET', `/api/sessions/${session.slug}`, { as: user.token })).status).toBe(200);
    await query('DROP TRIGGER refuse ON sessions');
    await query('DROP FUNCTION refuse');
    // A job that meets a locked row tries again later.
    const isDone = async () => {
      await expire();
      await jobs().round();
      return (await shown(deletionId)).data.state === 'done';
    };
    await waitFor(isDone, { what: 'the end of the deletion' });
    expect((await fixture.call('GET', `/api/sessions/${session.slug}`, { as: user.token })).status).toBe(404);
    const [entry] = await query(
      `SELECT actor_name FROM audit_logs WHERE action = 'session.deleted' AND resource_id = $1`,
      [session.id],
    );
    expect(entry).toEqual({ actor_name: user.email });
  });

  it('whose gateway dies before anything happened is unlinked and deleted by a job', async () => {
    const ref = await fixture.gateway.services.directory.resolve(
      { kind: 'user', isAdministrator: true, workspaceId: session.id } as never,
      session.id,
    );
    const [{ id: userId }] = (await query<{ id: string }>('SELECT id FROM users WHERE email = $1', [user.email])) as [
      { id: string },
    ];
    const actor = {
      kind: 'user' as const,
      userId,
      keyId: null,
      name: user.email,
      ip: null,
      requestId: null,
      workspaceId: ref.workspaceId,
    };
    await fixture.gateway.services.sessions.requestDeletion(actor, ref);
    worker.calls.length = 0;
    await jobs().round();
    expect(worker.calls).toEqual([]);
    await expire();
    await jobs().round();
    expect(worker.calls).toMatchObject([{ method: 'DELETE', url: `/session/${session.id}` }]);
    expect(await query('SELECT FROM sessions WHERE id = $1', [session.id])).toEqual([]);
  });
});

describe('deleted accounts and workspaces (MR-023, MR-146)', () => {
  it('a workspace leaves nothing: no session, no contact, no file', async () => {
    await converse();
    const [{ id }] = (await query<{ id: string }>('SELECT workspace_id AS id FROM sessions WHERE id = $1', [
      session.id,
    ])) as [{ id: string }];
    await fixture.call('POST', '/api/workspaces', { as: user.token, body: { name: 'Second' } });
    const { status, body } = await remove(`/api/workspaces/${id}`);
    expect([status, body.data.sessions.length]).toEqual([200, 1]);
    await jobs().round();
    for (const table of TABLES) expect(await rowsOf(table, session.id), table).toBe(0);
    expect(await query('SELECT FROM contacts WHERE workspace_id = $1', [id])).toEqual([]);
    expect(await storedFiles()).toEqual([]);
    expect(await shown(body.data.deletionId, await fixture.adminToken())).toMatchObject({
      data: { kind: 'workspace', state: 'done' },
    });
  });

  it('a user whose deletion could not be made now is deleted by a job', async () => {
    const admin = await fixture.adminToken();
    await query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$`,
    );
    await query('CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()');
    const [{ id }] = (await query<{ id: string }>('SELECT id FROM users WHERE email = $1', [user.email])) as [
      { id: string },
    ];
    const refused = await remove(`/api/admin/users/${id}`, admin);
    expect([refused.status, refused.body.code]).toEqual([503, 'DELETION_GOES_ON']);
    await query('DROP TRIGGER refuse ON users');
    await query('DROP FUNCTION refuse');
    await expire();
    await jobs().round();
    expect(await query('SELECT FROM users WHERE id = $1', [id])).toEqual([]);
    expect(await shown(refused.body.details.deletionId, admin)).toMatchObject({
      data: { kind: 'user', state: 'done' },
    });
  });

  it('a deletion is shown to the workspace, to who asked for it and to administrators, and to nobody else', async () => {
    const { deletionId } = (await remove(`/api/sessions/${session.slug}`)).body.data;
    const stranger = await fixture.register();
    expect(await shown(deletionId, stranger.token)).toMatchObject({ code: 'DELETION_NOT_FOUND' });
    expect(await shown('nothing')).toMatchObject({ code: 'DELETION_NOT_FOUND' });
    expect(await shown(deletionId, await fixture.adminToken())).toMatchObject({ data: { deletionId } });
  });
});
