import { EVENTS, OPERATION_NAMES, operationOf, parametersOf } from '@wa-gate/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildOpenapiDocument } from '../../openapi-document.ts';
import { PNG } from '../../testing/files.ts';
import type { Answer, TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { routesOf } from '../../testing/operation-routes.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';

/** Routes without GET that write no entry, and why. Operations give their reason in the registry (`unaudited`). */
const EXCEPTIONS: Record<string, string> = {
  'POST /api/sessions/{id}/send': 'the row of the message is the record, with the key it was accepted with',
  'POST /api/messages/send': 'the row of the message is the record, with the key it was accepted with',
  'POST /api/messages/schedule': 'the row of the message is the record, with the key it was accepted with',
  'POST /api/messages/bulk': 'the rows of the messages are the record, with the key they were accepted with',
  'PATCH /api/messages/{id}/schedule': 'the row of the message is the record',
  'POST /api/messages/{id}/cancel': 'the row of the message and its event are the record',
  ...Object.fromEntries(
    [
      'PATCH /api/messages/{id}',
      'DELETE /api/messages/{id}',
      'POST /api/messages/{id}/votes',
      'POST /api/messages/{id}/answer',
      ...['reaction', 'pin', 'keep'].flatMap((path) => [
        `POST /api/messages/{id}/${path}`,
        `DELETE /api/messages/{id}/${path}`,
      ]),
    ].map((route) => [route, 'the row of the change is the record, with the key it was accepted with']),
  ),
  'POST /api/messages/{id}/forward': 'the row of the message is the record, with the key it was accepted with',
  ...Object.fromEntries(
    [
      'POST /api/messages/{id}/read',
      'POST /api/messages/{id}/played',
      'POST /api/messages/{id}/star',
      'DELETE /api/messages/{id}/star',
    ].map((route) => [route, 'as the operation of the registry that it calls']),
  ),
  'POST /api/messages/{id}/media/retry': 'nothing is changed: what the message has always had is fetched',
  'POST /api/broadcast/{id}/preview': 'nothing is changed: it shows what would be sent',
  'POST /api/rules/test': 'nothing is changed: it shows what would happen',
  'POST /api/media/uploads': 'its end is the upload of a file, and has an entry',
  'DELETE /api/media/uploads/{id}': 'nothing was stored yet',
  'POST /api/events/tickets': 'a ticket allows for a minute to read what its caller may read',
  'PUT /api/admin/workers/{id}/heartbeat': 'figures of a worker, several times a minute',
  ...Object.fromEntries(
    OPERATION_NAMES.flatMap((name) => {
      const { unaudited } = operationOf(name);
      return unaudited === undefined ? [] : routesOf(name).map((route) => [route, unaudited]);
    }),
  ),
};

/** Operation, such as `POST /api/sessions`, and the action that it declares. */
const declared = new Map<string, string | undefined>();
const called = new Set<string>();
const fixture = useGateway();
let worker: WorkerStandIn;
let admin: string;
let user: TestUser;
let session: TestSession;

beforeAll(async () => {
  const document = JSON.parse(await buildOpenapiDocument('0.0.0')) as {
    paths: Record<string, Record<string, { 'x-audit-action'?: string }>>;
  };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (method !== 'get') declared.set(`${method.toUpperCase()} ${path}`, operation['x-audit-action']);
    }
  }
  admin = await fixture.adminToken();
  worker = await fixture.startWorker('worker-1');
  // Nobody renews it here, and on a busy machine the tests last longer than a lease.
  await fixture.database.pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour'`);
  user = await fixture.register();
  session = await fixture.createSession(user);
});

/** Operations whose input is the request itself: an example of the registry is a request. */
const GENERAL_OPERATIONS = OPERATION_NAMES.filter((name) => {
  const { audit, data } = operationOf(name);
  return audit !== undefined && data === undefined;
});

let requests = 0;
/** Calls a route and finds the entry that it declares, in the name of its caller and of this request. */
async function audited(
  operation: string,
  { as = user.token, ids = {}, body }: { as?: string; ids?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  const action = declared.get(operation);
  expect(action, `${operation} declares an action`).toBeTypeOf('string');
  requests += 1;
  const requestId = `audited-${requests}`;
  const [method = '', template = ''] = operation.split(' ');
  const url = template.replaceAll(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(ids[name] ?? 'missing'));
  const headers = { 'x-request-id': requestId };
  const answer = await fixture.call(method as 'POST', url, { as, headers, ...(body !== undefined && { body }) });
  expect(answer.status, `${operation}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  const { rows } = await fixture.database.pool.query(
    'SELECT action, actor_kind, actor_user_id, ip FROM audit_logs WHERE request_id = $1',
    [requestId],
  );
  expect(rows, operation).toContainEqual(expect.objectContaining({ action, ip: '127.0.0.1' }));
  expect(JSON.stringify(rows), operation).not.toContain('"actor_kind":"system"');
  called.add(operation);
  return answer;
}

describe('every action leaves an entry (MR-162)', () => {
  it('each route that changes something declares which, or is one of a few exceptions', () => {
    expect(declared.size).toBeGreaterThan(50);
    const silent = [...declared].filter(([, action]) => action === undefined).map(([operation]) => operation);
    expect(silent.sort()).toEqual(Object.keys(EXCEPTIONS).sort());
  });

  it('actions are named by what and what became of it', () => {
    for (const [operation, action] of declared) {
      if (action) expect(action, operation).toMatch(/^[a-z_]+\.[a-z_]+$/);
    }
  });

  it('of sessions, of their owners and of the account face', async () => {
    const made = await audited('POST /api/sessions', { body: { name: 'New', sessionId: 'new' } });
    const ids = { id: made.body.data.sessionId };
    await audited('PATCH /api/sessions/{id}', { ids, body: { name: 'Newer', isDefault: true } });
    await audited('PATCH /api/sessions/{id}/pacing', { ids, body: { messageGapMs: 3_000 } });
    await audited('PUT /api/sessions/{id}/proxy', { ids, body: { url: 'http://93.184.216.34:1', test: false } });
    await audited('DELETE /api/sessions/{id}/proxy', { ids });
    worker.answer({ body: { qr: 'a code' } });
    await audited('POST /api/sessions/{id}/relink', { ids, body: {} });
    worker.answer({});
    await audited('POST /api/sessions/{id}/restart', { ids, body: {} });
    await audited('POST /api/sessions/{id}/logout', { ids, body: {} });
    worker.answer({ body: { code: 'BP3R9783' } });
    await audited('POST /api/sessions/{id}/pairing-code', { ids, body: { phoneNumber: '+6281234567890' } });
    worker.answer({});
    await audited('POST /api/whatsapp/restart', { as: session.key, body: {} });
    await audited('POST /api/whatsapp/logout', { as: session.key, body: {} });
    await audited('DELETE /api/sessions/{id}', { ids });
  });

  it('of people, of the profile and of the privacy of the account', async () => {
    const ids = { id: session.slug };
    const contact = '+6281234567890';
    const jid = '6281234567890@s.whatsapp.net';
    const answered = async (operation: string, answer: unknown, body?: unknown) => {
      worker.answer({ body: answer });
      await audited(operation, { ids, ...(body !== undefined && { body }) });
    };
    await answered('PUT /api/sessions/{id}/contacts/name', { name: 'Ann' }, { contact, name: 'Ann' });
    await answered('POST /api/sessions/{id}/blocklist/block', { jid }, { contact });
    await answered('POST /api/sessions/{id}/blocklist/unblock', { jid }, { contact });
    await answered('PUT /api/sessions/{id}/profile/name', { name: 'Shop' }, { name: 'Shop' });
    await answered('PUT /api/sessions/{id}/profile/about', { about: 'Open' }, { about: 'Open' });
    const media = { base64: PNG.toString('base64') };
    await answered('PUT /api/sessions/{id}/profile/picture', { pictureId: '1' }, { media });
    await answered('DELETE /api/sessions/{id}/profile/picture', { pictureId: null });
    await answered('PATCH /api/sessions/{id}/profile/business', { business: null }, { email: 'ann@example.com' });
    const settings = { lastSeen: 'nobody', online: 'everyone', picture: 'contacts', about: 'contacts' };
    const privacy = {
      ...settings,
      groups: null,
      calls: null,
      messages: null,
      readReceipts: true,
      disappearingSeconds: 0,
    };
    await answered('PATCH /api/sessions/{id}/privacy', privacy, { lastSeen: 'nobody' });
    worker.answer({});
  });

  it('of groups and communities', async () => {
    const ids = {
      id: session.slug,
      group: '120363025246125486',
      community: '120363025246125487',
      code: 'GZ3kq0bW9sH2',
    };
    const path = '/api/sessions/{id}/groups';
    const answered = async (operation: string, answer: unknown, body?: unknown) => {
      worker.answer({ body: answer });
      await audited(operation, { ids, ...(body !== undefined && { body }) });
    };
    const participants = ['+6281234567890'];
    const settings = { onlyAdminsSend: false, onlyAdminsEdit: false, onlyAdminsAdd: false, joinApproval: false };
    const facts = {
      jid: '120363025246125486@g.us',
      subject: 'Orders',
      description: null,
      addressing: 'lid',
      ...settings,
      disappearingSeconds: 0,
      isCommunity: false,
      isAnnouncements: false,
      size: 1,
      participants: [],
    };
    await answered(`POST ${path}`, { group: facts, participants: [] }, { subject: 'Orders', participants });
    await answered(`PATCH ${path}/{group}`, { changed: ['subject'] }, { subject: 'Orders' });
    await answered(`PUT ${path}/{group}/picture`, {}, { media: { base64: PNG.toString('base64') } });
    await answered(`DELETE ${path}/{group}/picture`, {});
    await answered(`POST ${path}/{group}/leave`, {});
    await answered(`POST ${path}/{group}/participants`, { participants: [] }, { participants });
    for (const action of ['remove', 'promote', 'demote'])
      await answered(`POST ${path}/{group}/participants/${action}`, { participants: [] }, { participants });
    for (const action of ['approve', 'reject'])
      await answered(`POST ${path}/{group}/join-requests/${action}`, { participants: [] }, { participants });
    await answered(`POST ${path}/{group}/invite/revoke`, { code: 'GZ3kq0bW9sH2' });
    await answered('POST /api/sessions/{id}/group-invites/{code}/join', { group: facts.jid, isWaiting: false });
    const invitation = { inviter: '+6281234567890', code: 'Ab3-dE_f9', expiresAt: '2036-01-18T10:30:00.000Z' };
    await answered(`POST ${path}/{group}/invitations/accept`, { group: facts.jid, isWaiting: false }, invitation);
    await answered(`POST ${path}/{group}/invitations/revoke`, { participants: [] }, { participants });
    const communities = '/api/sessions/{id}/communities';
    await answered(`POST ${communities}`, { group: facts, participants: [] }, { subject: 'Shops' });
    for (const method of ['PUT', 'DELETE'])
      await answered(`${method} ${communities}/{community}/groups/{group}`, { groups: [] });
    worker.answer({});
  });

  it('of webhooks', async () => {
    const ids = { id: session.slug };
    const body = { url: 'https://example.com/hook' };
    await audited('PUT /api/sessions/{id}/webhook', { as: session.key, ids, body });
    await audited('DELETE /api/sessions/{id}/webhook', { as: session.key, ids });
    await audited('POST /api/webhooks', { body });
    const made = await audited('POST /api/sessions/{id}/webhooks', { as: session.key, ids, body });
    const its = { id: made.body.data.webhook.id };
    await audited('PATCH /api/webhooks/{id}', { ids: its, body: { isPaused: true } });
    await audited('POST /api/webhooks/{id}/rotate-secret', { ids: its, body: {} });
    await audited('POST /api/webhooks/{id}/test', { ids: its, body: {} });
    await audited('POST /api/webhooks/{id}/replay', { ids: its, body: {} });
    const { seq } = (
      await fixture.appendEvent(session, { type: 'session.status', data: EVENTS['session.status'].example })
    ).events[0]!;
    await fixture.database.pool.query(
      `INSERT INTO webhook_deliveries (webhook_id, session_id, seq, status) VALUES ($1, $2, $3, 'FAILED')`,
      [its.id, session.id, seq],
    );
    const deliveryId = `evt_${session.id.replaceAll('-', '')}_${seq}`;
    await audited('POST /api/webhooks/{id}/deliveries/{deliveryId}/replay', { ids: { ...its, deliveryId } });
    await audited('DELETE /api/webhooks/{id}', { ids: its });
  });

  it('of keys', async () => {
    const made = await audited('POST /api/keys', { body: { name: 'CRM' } });
    const ids = { id: made.body.data.key.id };
    await audited('PATCH /api/keys/{id}', { ids, body: { name: 'CRM 2' } });
    await audited('POST /api/keys/{id}/rotate', { ids, body: {} });
    await audited('DELETE /api/keys/{id}', { ids });
    await audited('POST /api/sessions/{id}/keys', { ids: { id: session.slug }, body: { name: 'Invoices' } });
  });

  it('of logins', async () => {
    const credentials = { email: 'person@example.test', password: 'correct horse battery' };
    await audited('POST /api/auth/register', { as: '', body: credentials });
    const login = await audited('POST /api/auth/login', { as: '', body: credentials });
    const { refreshToken } = login.body.data;
    const { token } = (await audited('POST /api/auth/refresh', { as: '', body: { refreshToken } })).body.data;
    await audited('PATCH /api/auth/me', { as: token, body: { name: 'Person' } });
    const { workspaceId } = login.body.data;
    await audited('POST /api/auth/switch', { as: token, body: { workspaceId } });
    const change = { currentPassword: credentials.password, newPassword: 'another horse battery' };
    await audited('POST /api/auth/password', { as: token, body: change });
    await audited('POST /api/auth/logout', { as: token, body: {} });
  });

  it('of workspaces and their members', async () => {
    const made = await audited('POST /api/workspaces', { body: { name: 'Support' } });
    const { id } = made.body.data.workspace;
    const moved = await fixture.call('POST', '/api/auth/switch', { as: user.token, body: { workspaceId: id } });
    const owner = moved.body.data.token as string;
    await audited('PATCH /api/workspaces/{id}', { as: owner, ids: { id }, body: { name: 'Support 2' } });
    const invite = async (guest: TestUser) =>
      audited('POST /api/workspaces/{id}/invitations', {
        as: owner,
        ids: { id },
        body: { email: guest.email, role: 'viewer' },
      });
    const [guest, unwanted] = [await fixture.register(), await fixture.register()];
    const { token } = (await invite(guest)).body.data;
    await audited('POST /api/invitations/{token}/accept', { as: guest.token, ids: { token } });
    const { invitation } = (await invite(unwanted)).body.data;
    await audited('DELETE /api/workspaces/{id}/invitations/{invitationId}', {
      as: owner,
      ids: { id, invitationId: invitation.id },
    });
    const members = await fixture.call('GET', `/api/workspaces/${id}/members`, { as: owner });
    const member = members.body.data.members.find(({ email }: { email: string }) => email === guest.email);
    const ids = { id, userId: member.userId };
    await audited('PATCH /api/workspaces/{id}/members/{userId}', { as: owner, ids, body: { role: 'operator' } });
    await audited('DELETE /api/workspaces/{id}/members/{userId}', { as: owner, ids });
    await audited('PATCH /api/workspaces/{id}/notices/settings', {
      as: owner,
      ids: { id },
      body: { delaySeconds: 60 },
    });
    await audited('PUT /api/workspaces/{id}/notices/subscription', { as: owner, ids: { id }, body: { mail: false } });
    await audited('PUT /api/admin/notices/subscription', { as: admin, body: { mail: false } });
    await audited('DELETE /api/workspaces/{id}', { as: owner, ids: { id } });
  });

  it('of files', async () => {
    const made = await audited('POST /api/media', { body: { base64: 'SGVsbG8=', fileName: 'hello.txt' } });
    const ids = { id: made.body.data.mediaId };
    await audited('POST /api/media/{id}/url', { ids });
    await audited('DELETE /api/media/{id}', { ids });
  });

  it('of contacts', async () => {
    const made = await audited('POST /api/contacts', { body: { phoneNumber: '+6281234567890', name: 'Ann' } });
    const ids = { id: made.body.data.contactId };
    await audited('PATCH /api/contacts/{id}', { ids, body: { name: 'Anna' } });
    await audited('PUT /api/contacts/{id}/labels', { ids, body: { labels: ['friends'] } });
    await audited('DELETE /api/contacts/{id}', { ids });
  });

  it('of broadcasts, consent and keyword rules', async () => {
    const body = { message: 'Hello {{name|friend}}', sessionIds: [session.slug] };
    const make = async () => (await audited('POST /api/broadcast', { body })).body.data.broadcastId as string;
    const [first, second] = [await make(), await make()];
    const recipients = { recipients: ['+6281234567890'] };
    await audited('POST /api/broadcast/{id}/recipients', { ids: { id: first }, body: recipients });
    await audited('PATCH /api/broadcast/{id}', { ids: { id: first }, body: { name: 'Moved' } });
    for (const verb of ['start', 'pause', 'resume', 'cancel']) {
      await audited(`POST /api/broadcast/{id}/${verb}`, { ids: { id: first } });
    }
    await audited('DELETE /api/broadcast/{id}', { ids: { id: second } });
    await audited('POST /api/opt-outs', { body: { to: '+6281234567890' } });
    await audited('DELETE /api/opt-outs/{recipient}', { ids: { recipient: '+6281234567890' } });
    await audited('PATCH /api/opt-outs/settings', { body: { optOutKeywords: ['STOP'] } });
    const rule = { name: 'Rooms', match: 'contains', patterns: ['pinjam ruang'], event: true };
    const made = await audited('POST /api/rules', { body: rule });
    const ids = { id: made.body.data.ruleId };
    await audited('PATCH /api/rules/{id}', { ids, body: { priority: 5 } });
    await audited('DELETE /api/rules/{id}', { ids });
  });

  it('of administrators', async () => {
    const account = { email: 'made@example.test', password: 'correct horse battery' };
    const { id } = (await audited('POST /api/admin/users', { as: admin, body: account })).body.data;
    await audited('PATCH /api/admin/users/{id}', { as: admin, ids: { id }, body: { tier: 'pro' } });
    await audited('DELETE /api/admin/users/{id}/logins', { as: admin, ids: { id } });
    await audited('DELETE /api/admin/users/{id}', { as: admin, ids: { id } });
    const tier = { maxSessions: 6, messagesPerHour: 1_001 };
    await audited('PUT /api/admin/tiers/{tier}', { as: admin, ids: { tier: 'pro' }, body: tier });
    const limit = { max: 5_000_000, windowSeconds: 900 };
    await audited('PUT /api/admin/rate-limits/{bucket}', { as: admin, ids: { bucket: 'dashboard' }, body: limit });
    await audited('DELETE /api/admin/rate-limits/{bucket}', { as: admin, ids: { bucket: 'dashboard' } });
    await audited('PUT /api/admin/rate-limits/{bucket}', {
      as: admin,
      ids: { bucket: 'login_account' },
      body: { ...limit, max: 1 },
    });
    await fixture.call('POST', '/api/auth/login', { body: { email: user.email, password: 'wrong' } });
    const { body } = await fixture.call('GET', '/api/admin/login-locks', { as: admin });
    await audited('DELETE /api/admin/login-locks/{id}', { as: admin, ids: { id: body.data.loginLocks[0].id } });
  });

  it('of workers', async () => {
    await audited('PUT /api/admin/whatsapp-version', { as: admin, body: { version: '2.3000.1' } });
    const ids = { id: 'worker-1' };
    for (const action of ['cordon', 'uncordon', 'drain', 'maintenance']) {
      await audited(`POST /api/admin/workers/{id}/${action}`, { as: admin, ids });
    }
    await audited('DELETE /api/admin/workers/{id}/maintenance', { as: admin, ids });
    await audited('PATCH /api/admin/workers/{id}', { as: admin, ids, body: { maxSessions: 7 } });
    await audited('POST /api/admin/workers/rebalance', { as: admin });
    await audited('POST /api/admin/workers/broadcast', { as: admin, body: { operation: 'ping' } });
    await audited('DELETE /api/admin/workers/{id}/token', { as: admin, ids });
  });

  it.each(GENERAL_OPERATIONS)('of the operation %s, before its worker is asked', async (name) => {
    const { method, path, audit, examples } = operationOf(name);
    const inPath = parametersOf(path);
    const ids = { ...examples[0], id: session.slug } as Record<string, string>;
    const sent = Object.fromEntries(Object.entries(examples[0]).filter(([field]) => !inPath.includes(field)));
    const url = `/api${path.replaceAll(/:(\w+)/g, (_match, field: string) => encodeURIComponent(ids[field] ?? ''))}`;
    const headers = { 'x-request-id': `audited-${name}` };
    const body = Object.keys(sent).length > 0 ? { body: sent } : {};
    const answer = await fixture.call(method as 'POST', url, { as: user.token, headers, ...body });
    // Without a connection to WhatsApp nothing is done, and what was asked for is in the log all the same.
    expect(answer.body.code, JSON.stringify(answer.body)).not.toMatch(/VALIDATION|NOT_FOUND|FORBIDDEN/);
    const { rows } = await fixture.database.pool.query('SELECT action FROM audit_logs WHERE request_id = $1', [
      `audited-${name}`,
    ]);
    expect(rows).toEqual([{ action: audit }]);
    called.add(routesOf(name)[0]!);
  });

  it('most of them were called here', () => {
    const declaring = [...declared].filter(([, action]) => action !== undefined).map(([operation]) => operation);
    expect(called.size / declaring.length).toBeGreaterThan(0.8);
  });
});
