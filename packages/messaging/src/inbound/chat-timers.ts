import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';

/** The timer of disappearing messages in a direct chat, under one of its names. */
export interface ChatTimer {
  chatJid: string;
  /** 0: messages stay. */
  seconds: number;
  /** When it was set. Of two timers the later one counts. */
  setAt: Date;
}

const READ = {
  name: 'read-chat-timers',
  text: 'SELECT chat_jid AS "chatJid", seconds, set_at AS "setAt" FROM chat_timers WHERE session_id = $1',
};

/** The known timers of a session. */
export async function readChatTimers(db: Queryable, sessionId: string): Promise<ChatTimer[]> {
  const { rows } = await db.query<ChatTimer>({ ...READ, values: [sessionId] });
  return rows;
}

const STORE = {
  name: 'store-chat-timers',
  text: `WITH ${FENCE_MANY}
    INSERT INTO chat_timers AS t (session_id, chat_jid, seconds, set_at)
    SELECT DISTINCT ON (i.session_id, i.chat_jid) i.session_id, i.chat_jid, i.seconds, i.set_at
    FROM unnest($3::uuid[], $4::text[], $5::int[], $6::timestamptz[]) AS i(session_id, chat_jid, seconds, set_at)
    JOIN fence USING (session_id)
    ORDER BY i.session_id, i.chat_jid, i.set_at DESC
    ON CONFLICT (session_id, chat_jid) DO UPDATE SET seconds = excluded.seconds, set_at = excluded.set_at
    WHERE excluded.set_at >= t.set_at`,
};

/** Stores timers under the fence (I2): a worker that does not own the session any more stores none. */
export async function storeChatTimers(db: Queryable, timers: readonly (Ownership & ChatTimer)[]): Promise<void> {
  const { sessionIds, epochs } = fenceParameters(timers);
  await db.query({
    ...STORE,
    values: [
      sessionIds,
      epochs,
      timers.map(({ sessionId }) => sessionId),
      timers.map(({ chatJid }) => chatJid),
      timers.map(({ seconds }) => seconds),
      timers.map(({ setAt }) => setAt),
    ],
  });
}
