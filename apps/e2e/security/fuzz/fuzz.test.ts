import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expectSoundSystem, useSystem } from '../../harness/use-system.ts';
import { DEFAULT_PLAN, fuzzOptions, fuzzSystem } from './fuzz-system.ts';
import { describeFindings, summarise, unreached } from './report.ts';

const mailbox = mkdtempSync(join(tmpdir(), 'wa-gate-fuzz-'));
afterAll(() => rmSync(mailbox, { recursive: true }));
const system = useSystem(fuzzOptions(mailbox));
/** Milliseconds, for busy machines. */
const RUN_MS = 900_000;

/**
 * Operations that need more than a request of the right schema: a token of a mail, an answer of a worker, the present
 * password, a lock that somebody's wrong passwords have set, numbers in a list, a file of CSV, a label and a group
 * for a broadcast, one with recipients or that has not begun, a poll or an event to answer, a received message,
 * a delivery that has ended, a signature, bytes at their place, a WebSocket, a channel that nobody has deleted.
 */
const NOT_BY_CHANCE = new Set([
  'POST /api/auth/login',
  'POST /api/auth/refresh',
  'POST /api/workspaces/{id}/leave',
  'POST /api/invitations/{token}/accept',
  'POST /api/auth/password',
  'POST /api/auth/reset-password',
  'POST /api/auth/verify-email',
  'POST /api/auth/login-link',
  'POST /api/auth/switch',
  'POST /api/sessions/{id}/pairing-code',
  'DELETE /api/admin/login-locks/{id}',
  'POST /api/contacts/import',
  'POST /api/broadcast/{id}/recipients/import',
  'POST /api/broadcast',
  'PATCH /api/broadcast/{id}',
  'POST /api/broadcast/{id}/recipients',
  'POST /api/broadcast/{id}/start',
  'POST /api/broadcast/{id}/pause',
  'POST /api/broadcast/{id}/resume',
  'POST /api/opt-outs/import',
  'DELETE /api/opt-outs/{recipient}',
  'POST /api/messages/schedule',
  'PATCH /api/messages/{id}/schedule',
  'POST /api/messages/{id}/cancel',
  'POST /api/messages/{id}/votes',
  'POST /api/messages/{id}/answer',
  'POST /api/messages/{id}/read',
  'POST /api/messages/{id}/played',
  'POST /api/messages/{id}/media/retry',
  'POST /api/sessions/{id}/messages/read',
  'POST /api/sessions/{id}/messages/played',
  'POST /api/sessions/{id}/messages/star',
  'POST /api/sessions/{id}/messages/delete-for-me',
  'POST /api/sessions/{id}/chats/read',
  'POST /api/sessions/{id}/chats/unread',
  'POST /api/sessions/{id}/chats/sync',
  'POST /api/sessions/{id}/chats/{chat}/clear',
  'POST /api/sessions/{id}/chats/{chat}/history',
  'PATCH /api/sessions/{id}/chats/{chat}',
  'DELETE /api/sessions/{id}/chats/{chat}',
  'POST /api/sessions/{id}/labels',
  'PATCH /api/sessions/{id}/labels/{label}',
  'DELETE /api/sessions/{id}/labels/{label}',
  'PUT /api/sessions/{id}/labels/{label}/chats/{chat}',
  'DELETE /api/sessions/{id}/labels/{label}/chats/{chat}',
  'PUT /api/sessions/{id}/labels/{label}/messages/{messageId}',
  'DELETE /api/sessions/{id}/labels/{label}/messages/{messageId}',
  'GET /api/messages/{id}/votes',
  'GET /api/messages/{id}/answers',
  'GET /api/media/{id}/file',
  'POST /api/webhooks/{id}/deliveries/{deliveryId}/replay',
  'PATCH /api/media/uploads/{id}',
  'GET /api/events/ws',
  'GET /api/sessions/{id}/events/ws',
  ...['GET', 'PATCH', 'DELETE'].map((method) => `${method} /api/sessions/{id}/channels/{channel}`),
  ...['PUT', 'DELETE'].map((method) => `${method} /api/sessions/{id}/channels/{channel}/follow`),
  'PUT /api/sessions/{id}/channels/{channel}/mute',
  'GET /api/sessions/{id}/channels/{channel}/posts',
  'PUT /api/sessions/{id}/channels/{channel}/posts/{serverId}/reaction',
  ...['PATCH', 'DELETE'].map((method) => `${method} /api/sessions/{id}/channels/{channel}/posts/{waMessageId}`),
  'GET /api/sessions/{id}/contacts/check',
  'GET /api/sessions/{id}/contacts/about',
  'GET /api/sessions/{id}/contacts/picture',
  'PUT /api/sessions/{id}/contacts/name',
  'GET /api/sessions/{id}/presence',
  'POST /api/sessions/{id}/presence/subscribe',
  'POST /api/sessions/{id}/blocklist/block',
  'POST /api/sessions/{id}/blocklist/unblock',
  'POST /api/sessions/{id}/calls/{call}/reject',
  'PUT /api/sessions/{id}/profile/picture',
  'PATCH /api/sessions/{id}/profile/business',
  'GET /api/sessions/{id}/contacts/profile',
  'GET /api/sessions/{id}/lids',
  'GET /api/sessions/{id}/groups/{group}',
  'GET /api/sessions/{id}/groups/{group}/participants/export',
  'PUT /api/sessions/{id}/groups/{group}/picture',
  'DELETE /api/sessions/{id}/groups/{group}/picture',
  'GET /api/sessions/{id}/groups',
  'POST /api/sessions/{id}/groups',
  'PATCH /api/sessions/{id}/groups/{group}',
  'POST /api/sessions/{id}/groups/{group}/leave',
  'POST /api/sessions/{id}/groups/{group}/participants',
  'POST /api/sessions/{id}/groups/{group}/participants/remove',
  'POST /api/sessions/{id}/groups/{group}/participants/promote',
  'POST /api/sessions/{id}/groups/{group}/participants/demote',
  'GET /api/sessions/{id}/groups/{group}/picture',
  'GET /api/sessions/{id}/groups/{group}/invite',
  'POST /api/sessions/{id}/groups/{group}/invite/revoke',
  'GET /api/sessions/{id}/group-invites/{code}',
  'POST /api/sessions/{id}/group-invites/{code}/join',
  'POST /api/sessions/{id}/groups/{group}/invitations/accept',
  'POST /api/sessions/{id}/groups/{group}/invitations/revoke',
  'GET /api/sessions/{id}/groups/{group}/join-requests',
  'POST /api/sessions/{id}/groups/{group}/join-requests/approve',
  'POST /api/sessions/{id}/groups/{group}/join-requests/reject',
  'POST /api/sessions/{id}/communities',
  'GET /api/sessions/{id}/communities/{community}/groups',
  'PUT /api/sessions/{id}/communities/{community}/groups/{group}',
  'DELETE /api/sessions/{id}/communities/{community}/groups/{group}',
  'DELETE /api/sessions/{id}/channels/{channel}/follow',
  'DELETE /api/sessions/{id}/channels/{channel}/posts/{waMessageId}',
  'PUT /api/sessions/{id}/proxy',
  'POST /api/admin/workers',
  'POST /api/admin/workers/register',
  'PUT /api/admin/workers/{id}/heartbeat',
  'POST /api/admin/workers/{id}/token',
]);

test('at least 20 000 requests to every route, right and wrong: no 5xx, no hang, every answer as its schema says (MR-154, MR-164)', {
  timeout: RUN_MS,
}, async () => {
  const isOwed = (operation: string) => !NOT_BY_CHANCE.has(operation);
  const report = await fuzzSystem(system(), DEFAULT_PLAN, isOwed);
  console.log(summarise(report));
  expect(report.findings, describeFindings(report.findings)).toEqual([]);
  expect(report.requests).toBeGreaterThanOrEqual(20_000);
  const missed = unreached(report).filter(isOwed);
  expect(missed, missed.join(', ')).toEqual([]);
});

expectSoundSystem(system);
