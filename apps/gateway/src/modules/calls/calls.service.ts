import type { Call, CallRejection, CallStatus, Identity, ListCallsQuery, ListCallsResult } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';

export interface CallsService {
  /** Calls that came to a session, the latest first. @throws {ApiError} VALIDATION */
  list(session: SessionRef, query: ListCallsQuery): Promise<ListCallsResult>;
  /** A call that rings now. @throws {ApiError} CALL_NOT_FOUND */
  ringing(session: SessionRef, callId: string): Promise<RingingCall>;
}

export interface RingingCall extends Pick<Call, 'callId' | 'chat' | 'caller'> {
  /** As WhatsApp names the caller. */
  callerJid: string;
}

interface CallRow {
  callId: string;
  chat: string;
  callerJid: string;
  caller: Identity;
  isVideo: boolean;
  status: CallStatus;
  rejectedBy: CallRejection | null;
  replyMessageId: string | null;
  startedAt: Date;
  endedAt: Date | null;
}

const COLUMNS = `c.call_id AS "callId", c.chat_jid AS chat, c.caller_jid AS "callerJid", ${identityOf('$2::uuid', 'c.caller_jid')} AS caller,
  c.is_video AS "isVideo", c.status, c.rejected_by AS "rejectedBy", c.reply_message_id AS "replyMessageId",
  c.started_at AS "startedAt", c.ended_at AS "endedAt"`;

const LIST = {
  name: 'list-calls',
  text: `SELECT ${COLUMNS} FROM calls c WHERE c.session_id = $1 AND ($3::text IS NULL OR c.status = $3)
    AND ($4::timestamptz IS NULL OR (c.started_at, c.call_id) < ($4, $5)) ORDER BY c.started_at DESC, c.call_id DESC LIMIT $6`,
};
const FIND = { name: 'find-call', text: `SELECT ${COLUMNS} FROM calls c WHERE c.session_id = $1 AND c.call_id = $3` };

const DEFAULT_LIMIT = 20;

export function createCallsService({ db }: { db: Queryable }): CallsService {
  return {
    async list({ id, workspaceId }, { status = null, cursor, limit = DEFAULT_LIMIT }) {
      const after = cursor === undefined ? null : readCursor(cursor);
      const values = [id, workspaceId, status, after?.at ?? null, after?.callId ?? null, limit + 1];
      const { rows } = await db.query<CallRow>({ ...LIST, values });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const hasMore = rows.length > limit;
      return {
        calls: page.map(present),
        pagination: { nextCursor: hasMore && last ? writeCursor(last) : null, hasMore },
      };
    },
    async ringing({ id, workspaceId }, callId) {
      const { rows } = await db.query<CallRow>({ ...FIND, values: [id, workspaceId, callId] });
      const call = rows[0];
      if (call?.status !== 'ringing') throw new ApiError('CALL_NOT_FOUND');
      return { callId, chat: call.chat, caller: call.caller, callerJid: call.callerJid };
    },
  };
}

function present({ startedAt, endedAt, ...row }: CallRow): Call {
  const { callerJid: _, ...call } = row;
  return {
    ...call,
    isGroup: call.chat.endsWith('@g.us'),
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}

const writeCursor = ({ startedAt, callId }: CallRow): string =>
  Buffer.from(`${startedAt.toISOString()} ${callId}`).toString('base64url');

function readCursor(cursor: string): { at: Date; callId: string } {
  const [time = '', callId = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const at = new Date(time);
  if (Number.isNaN(at.getTime()) || !/^[A-Za-z0-9._:-]+$/.test(callId)) {
    throw new ApiError('VALIDATION', { message: '`cursor` is not one of this list. Begin without it.' });
  }
  return { at, callId };
}
