import {
  DEFAULT_KIND,
  type KindName,
  LIMITS,
  type OutboundContext,
  type SendRequest,
  STATUS_FONTS,
} from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { inParallel } from '../../http/in-parallel.ts';
import { isChannel, parsePublicChat, STATUS_JID } from '../../http/recipient.ts';
import type { SessionRef } from '../../principal.ts';
import type { ContactNames, Recipient } from '../contacts/index.ts';

/** Names of an audience that are looked up at the same time. */
const NAMES_AT_ONCE = 8;
/** What a status update can be. */
const STATUS_KINDS: ReadonlySet<KindName> = new Set<KindName>(['text', 'image', 'video', 'audio']);
/** What a post of a channel can be. */
const CHANNEL_KINDS: ReadonlySet<KindName> = new Set<KindName>([
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
]);
/** Fields about somebody or something in a chat, which a channel and the status do not have. */
const OF_CHATS = ['replyTo', 'mentions', 'mentionAll', 'typing'] as const;

/** The channel, or the status, as a recipient. `undefined`: the recipient is a person or a group. */
export function publicRecipient(to: SendRequest['to']): Recipient | undefined {
  const jid = parsePublicChat(to);
  if (jid === undefined) return undefined;
  const identity = { contactId: null, phoneNumber: null, lid: null, jid, name: null };
  return { givenJid: jid, chatJid: jid, identity };
}

/**
 * Refuses what a channel, or the status, cannot show, and status updates in bulk: each holds its whole audience.
 *
 * @throws {ApiError} VALIDATION, ENGINE_UNSUPPORTED
 */
export function refuseForPublicChat(chatJid: string, body: SendRequest, inBulk = false): void {
  const { type = DEFAULT_KIND, status } = body;
  const isStatus = chatJid === STATUS_JID;
  if (status !== undefined && !isStatus)
    throw new ApiError('VALIDATION', { message: '`status` is for status updates: send to `status`, or leave it out.' });
  if (!isStatus && !isChannel(chatJid)) return;
  if (isStatus && inBulk)
    throw new ApiError('VALIDATION', {
      message: 'A status update is posted alone: use POST /api/sessions/{id}/send.',
    });
  const field = OF_CHATS.find((name) => body[name] !== undefined);
  if (field !== undefined) {
    const place = isStatus ? 'A status update' : 'A channel';
    throw new ApiError('VALIDATION', { message: `${place} has no \`${field}\`: leave it out.` });
  }
  if (!isStatus && !CHANNEL_KINDS.has(type))
    throw new ApiError('ENGINE_UNSUPPORTED', {
      message: `This version posts texts, images, videos, audio, documents and stickers to channels, and no \`${type}\`.`,
    });
  if (!isStatus && 'viewOnce' in body && body.viewOnce)
    throw new ApiError('VALIDATION', { message: 'A post of a channel has no `viewOnce`: leave it out.' });
  if (isStatus && !STATUS_KINDS.has(type))
    throw new ApiError('VALIDATION', {
      message: `A status update is a text, an image, a video or a voice message, and no \`${type}\`.`,
    });
  if (status && type !== 'text' && (status.backgroundColor !== undefined || status.font !== undefined))
    throw new ApiError('VALIDATION', { message: '`status.backgroundColor` and `status.font` are for texts.' });
}

/** The names of those whom a session knows and somebody has saved: one of each, the number where there is one. */
const SAVED = {
  name: 'saved-contacts-of-session',
  text: `SELECT DISTINCT ON (c.id) i.jid
    FROM session_contacts s
    JOIN contact_identities i ON i.workspace_id = $1 AND i.jid = s.jid
    JOIN contacts c ON c.id = i.contact_id AND c.merged_into IS NULL
    WHERE s.session_id = $2 AND (c.saved_name IS NOT NULL OR c.book_name IS NOT NULL)
      AND i.spelling_of IS NULL AND i.jid NOT LIKE '%@g.us'
    ORDER BY c.id, i.jid LIKE '%@lid'
    LIMIT $3`,
};

/**
 * Who sees a status update, and how a text looks. `undefined`: it is none. The audience is settled here, so that each
 * attempt to send it, and its deletion, goes to the same people.
 *
 * @throws {ApiError} VALIDATION, INVALID_RECIPIENT
 */
export async function readStatus(
  { db, names }: { db: Queryable; names: Pick<ContactNames, 'recipient' | 'ofChat'> },
  { id, workspaceId }: SessionRef,
  chatJid: string,
  { type = DEFAULT_KIND, status = {} }: SendRequest,
): Promise<OutboundContext['status']> {
  if (chatJid !== STATUS_JID) return undefined;
  const { only, except = [], backgroundColor = '#1F7A5C', font = 'system' } = status;
  const jidOf = async (person: string) => personOf(await names.recipient(workspaceId, person));
  // Whoever is left out by one name is chosen by another one.
  const namesOf = async (person: string) => [await jidOf(person), ...(await names.ofChat(workspaceId, person))];
  const chosen = only
    ? await inParallel(only, NAMES_AT_ONCE, jidOf)
    : await savedContacts(db, workspaceId, id, LIMITS.statusAudience + except.length + 1);
  const left = new Set((await inParallel(except, NAMES_AT_ONCE, namesOf)).flat());
  const audience = [...new Set(chosen)].filter((jid) => !left.has(jid));
  if (audience.length === 0)
    throw new ApiError('VALIDATION', {
      message:
        'Nobody would see this status update. Save contacts with PATCH /api/contacts/{id}, or name people in `status.only`.',
    });
  if (audience.length > LIMITS.statusAudience)
    throw new ApiError('VALIDATION', {
      message: `At most ${LIMITS.statusAudience} people see a status update. Name fewer in \`status.only\`.`,
    });
  const looks = { background: Number.parseInt(`FF${backgroundColor.slice(1)}`, 16), font: STATUS_FONTS[font] };
  return { audience, ...(type === 'text' && looks) };
}

async function savedContacts(db: Queryable, workspaceId: string, sessionId: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ jid: string }>({ ...SAVED, values: [workspaceId, sessionId, limit] });
  return rows.map(({ jid }) => jid);
}

/** @throws {ApiError} INVALID_RECIPIENT */
function personOf({ chatJid }: Recipient): string {
  if (!chatJid.endsWith('@g.us')) return chatJid;
  throw new ApiError('INVALID_RECIPIENT', { message: 'The audience of a status update are people, and no groups.' });
}
