import {
  type MediaSource,
  type PairingCodeRequestSchema,
  type PresentedOperationName,
  type QrQuerySchema,
  QrSchema,
  type SessionStatusReport,
  success,
} from '@wa-gate/contracts';
import { type Static, Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { parseNumber } from '../../http/recipient.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { presentGroups } from '../groups/index.ts';
import { requestFiles } from '../media/index.ts';
import { reachOf } from '../sessions/index.ts';
import { CHAT_PRESENTERS } from './chat-presenters.ts';
import { LABEL_PRESENTERS } from './label-presenters.ts';
import { presentActed, refuseOwn, refuseUnsent } from './message-references.ts';
import type { LiveCall, Presenter } from './presenter.ts';
import { chooseFormat, renderQr } from './qr-image.ts';

/** Nobody answers for the session, or not in time. */
const OWNER_IS_SILENT: ReadonlySet<string> = new Set(['SESSION_MOVING', 'WORKER_ERROR']);

const picture = (schema: object) => ({ schema: Type.Unsafe<never>(schema) });

/** What the gateway makes of the answers of owners, where the API says something else. */
export const PRESENTERS: { [N in PresentedOperationName]: Presenter<N> } = {
  ...presentGroups,
  'sessions.qr': {
    response: {
      description: 'The QR code.',
      content: {
        'application/json': { schema: success(QrSchema) },
        'image/png': picture({ type: 'string', format: 'binary' }),
        'image/svg+xml': picture({ type: 'string' }),
      },
    },
    async present({ request, reply, ask }) {
      const { qr, expiresAt, attempt } = await ask({});
      reply.header('cache-control', 'no-store');
      const query = request.query as Static<typeof QrQuerySchema>;
      const format = chooseFormat(query.format, request.headers.accept);
      if (format === 'json') return { qr, expiresAt: expiresAt ?? null, attempt: attempt ?? null };
      const { type, body } = await renderQr(qr, format);
      return reply.code(200).type(type).send(body);
    },
  },
  'sessions.status': { present: liveStatus },
  'sessions.health': {
    async present({ session, ask }) {
      return { ...(await ask({})), sessionId: session.slug };
    },
  },
  'sessions.pairingCode': {
    async present({ request, reply, ask }) {
      const { phoneNumber } = request.body as Static<typeof PairingCodeRequestSchema>;
      const { code, expiresAt } = await ask({ phoneNumber: parseNumber(phoneNumber) });
      reply.header('cache-control', 'no-store');
      return { pairingCode: code, expiresAt: expiresAt ?? null };
    },
  },
  'contacts.check': {
    async present({ request, session, numberChecks, ask }) {
      const { numbers, maxAgeSeconds } = request.query as { numbers: string; maxAgeSeconds?: number };
      return { numbers: await numberChecks.check(session, numbers.split(','), maxAgeSeconds, ask) };
    },
  },
  'contacts.profile': {
    async present({ request, session, contactProfiles, ask }) {
      const { contact, maxAgeSeconds } = request.query as { contact: string; maxAgeSeconds?: number };
      return await contactProfiles.read(session, contact, maxAgeSeconds, ask);
    },
  },
  'contacts.about': {
    async present(call) {
      const { identity, jid } = await personOf(call);
      return { ...identity, ...(await call.ask({ jid })) };
    },
  },
  'contacts.picture': {
    async present(call) {
      const { size = 'full' } = call.request.query as { size?: 'full' | 'preview' };
      const { identity, jid } = await personOf(call);
      return { ...identity, ...(await call.ask({ jid, size })), size };
    },
  },
  'contacts.saveName': {
    async present(call) {
      const { name } = call.request.body as { name: string | null };
      const { jid } = await personOf(call);
      await call.ask({ jid, name });
      return await call.persons.savedOnPhone(call.session, jid, name);
    },
  },
  'blocklist.get': {
    async present({ session, persons, ask }) {
      return { contacts: await persons.identities(session.workspaceId, (await ask({})).jids) };
    },
  },
  'blocklist.block': {
    async present(call) {
      const { identity, jid } = await personOf(call);
      await call.ask({ jid });
      return { ...identity, isBlocked: true };
    },
  },
  'blocklist.unblock': {
    async present(call) {
      const { identity, jid } = await personOf(call);
      await call.ask({ jid });
      return { ...identity, isBlocked: false };
    },
  },
  'calls.reject': {
    async present({ request, session, calls, ask }) {
      const { call: callId } = request.params as { call: string };
      const { callerJid, ...call } = await calls.ringing(session, callId);
      await ask({ call: callId, from: callerJid });
      return call;
    },
  },
  'presence.subscribe': { present: presenceOf },
  'presence.get': { present: presenceOf },
  'profile.setPicture': {
    async present({ request, session, profilePictures, ask }) {
      const { media } = request.body as { media: MediaSource };
      const call = { reach: reachOf(principalOf(request)), files: requestFiles(request) };
      const jpeg = await profilePictures.make(session.workspaceId, media, call);
      return await ask({ jpeg: jpeg.toString('base64') });
    },
  },
  'contacts.lid': {
    async present({ request, session, numberChecks, ask }) {
      const { phoneNumber } = request.query as { phoneNumber: string };
      return await numberChecks.lidOf(session, phoneNumber, ask);
    },
  },
  'messages.markRead': { present: tellSenders },
  'messages.markPlayed': { present: tellSenders },
  'messages.star': {
    async present({ request, session, references, ask }) {
      const { messageIds, isStarred = true } = request.body as { messageIds: string[]; isStarred?: boolean };
      const found = await references.of(session, messageIds);
      refuseUnsent(found);
      await ask({ messages: found.map(({ reference }) => reference), isStarred });
      return { messages: found.map(presentActed) };
    },
  },
  'messages.deleteForMe': {
    async present({ request, session, references, ask }) {
      const found = await references.of(session, (request.body as { messageIds: string[] }).messageIds);
      refuseUnsent(found);
      await ask({ messages: found.map(({ reference }) => reference) });
      return { messages: found.map(presentActed) };
    },
  },
  ...CHAT_PRESENTERS,
  ...LABEL_PRESENTERS,
  'sessions.restart': { present: actOnSession },
  'sessions.logout': { present: actOnSession },
  'sessions.delete': {
    writesAudit: true,
    async present({ request, session, sessions, ask }) {
      await sessions.get(session);
      // Nothing is unlinked before it is certain that the session will be deleted.
      const deletionId = await sessions.requestDeletion(actorOf(request), session);
      const unlinked = await ask({}).then(
        (told) => told?.unlinked ?? true,
        (error: unknown) => {
          request.log.warn({ err: error, sessionId: session.id }, 'session deleted without its owner');
          return false;
        },
      );
      await sessions.delete(actorOf(request), session, { unlinked, deletionId });
      return { sessionId: session.slug, deleted: true, unlinked, deletionId };
    },
  },
};

/**
 * The status as the owner of the session says it now; as its row says when the owner does not answer quickly. Of a
 * connected session the owner knows all: then nothing of this needs the database.
 */
async function liveStatus(call: LiveCall<'sessions.status'>): Promise<SessionStatusReport> {
  const { request, session, sessions, ask } = call;
  try {
    const { account, ...live } = await ask({});
    const told = { ...live, sessionId: session.slug, source: 'worker' as const };
    if (account) return { ...told, ...account };
    const row = await sessions.status(session);
    // A worker that has just got the session has not looked yet where the one before has left it.
    return told.state === 'initializing' ? row : { ...row, ...told };
  } catch (error) {
    if (!(error instanceof ApiError) || !OWNER_IS_SILENT.has(error.code)) throw error;
    request.log.debug({ err: error, sessionId: session.id }, 'status from the database');
    return sessions.status(session);
  }
}

type AboutPerson =
  | 'contacts.about'
  | 'contacts.picture'
  | 'contacts.saveName'
  | 'blocklist.block'
  | 'blocklist.unblock';
type OfPresence = 'presence.subscribe' | 'presence.get';

/** The person that the request names. @throws {ApiError} INVALID_RECIPIENT, CONTACT_NOT_FOUND */
function personOf({
  request,
  session,
  persons,
}: Pick<LiveCall<AboutPerson | OfPresence>, 'request' | 'session' | 'persons'>) {
  const { contact } = (request.method === 'GET' ? request.query : request.body) as { contact: string };
  return persons.find(session.workspaceId, contact);
}

async function presenceOf(call: LiveCall<'presence.subscribe'> | LiveCall<'presence.get'>) {
  const { identity, jid } = await personOf(call);
  return { ...identity, ...(await call.ask({ jid })) };
}

/** Receipts for messages of others. */
async function tellSenders(call: LiveCall<'messages.markRead'> | LiveCall<'messages.markPlayed'>) {
  const { request, session, references, ask } = call;
  const found = await references.of(session, (request.body as { messageIds: string[] }).messageIds);
  refuseOwn(found);
  await ask({ messages: found.map(({ reference }) => reference) });
  await references.wereRead(
    session,
    found.map(({ messageId }) => messageId),
  );
  return { messages: found.map(presentActed) };
}

/** Restarts or logs out, and tells the state that this made. */
async function actOnSession(call: LiveCall<'sessions.restart'> | LiveCall<'sessions.logout'>) {
  const { session, sessions, ask } = call;
  await sessions.get(session); // Without PostgreSQL nothing is begun that could not be finished.
  // The owner knows the state that its answer made; the row follows.
  const told = await ask({});
  const { sessionId, status, state } = await sessions.get(session);
  return { sessionId, status: told?.status ?? status, state: told?.state ?? state };
}
