import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

/** How much of the chats of before its linking a session takes in. */
export const HISTORY_DEPTHS = ['none', 'recent', 'full'] as const;
export type HistoryDepth = (typeof HISTORY_DEPTHS)[number];

/** How far the history of a session has come. */
export const HISTORY_STATES = ['off', 'waiting', 'running', 'paused', 'complete'] as const;
export type HistoryState = (typeof HISTORY_STATES)[number];

export const historyPercent = Type.Integer({
  minimum: 0,
  maximum: 100,
  description: 'Percent of the history of this linking, as the phone says it.',
});

/** A question to the phone for older messages of a chat. */
export const HistoryRequestSchema = Type.Object({
  requestId: Type.String({ format: 'uuid' }),
  chat: Type.String({ description: 'The chat, as WhatsApp names it.' }),
  count: Type.Integer({ description: 'How many messages were asked for.' }),
  before: timestamp('The messages are older than this.'),
  state: oneOf(
    ['asked', 'answered'],
    '`asked`: the phone has not answered yet. It does so when it is switched on and online.',
  ),
  found: Type.Integer({ description: 'Messages in the answer.' }),
  stored: Type.Integer({ description: 'Those of them that were not known yet.' }),
  hasMore: nullable(Type.Boolean({ description: 'Whether the phone has still older ones, where it says so.' })),
  askedAt: timestamp(),
  answeredAt: nullable(timestamp()),
});

/** What a session has of the history, and what is still coming. */
export const HistorySchema = Type.Object({
  sessionId: Type.String(),
  depth: oneOf(HISTORY_DEPTHS, 'The setting `history` of the session.'),
  linkedWith: oneOf(HISTORY_DEPTHS, 'The depth that the phone was asked for when it linked the session.'),
  state: oneOf(
    HISTORY_STATES,
    '`off`: nothing was asked for. `waiting`: the phone has sent nothing yet. `running`: parts come or are taken in. `paused`: nothing has come for two minutes, and the phone has not said that this is all. `complete`: the phone has said so, and all of it is taken in.',
  ),
  progress: nullable(historyPercent),
  parts: Type.Object({
    waiting: Type.Integer({ description: 'Announced, and not taken in yet.' }),
    done: Type.Integer(),
    failed: Type.Integer({ description: 'Given up; `lastError` says why.' }),
  }),
  found: Type.Integer({ description: 'Messages in the parts that are done.' }),
  stored: Type.Integer({ description: 'Messages that were not known before.' }),
  lastError: nullable(Type.String()),
  lastPartAt: nullable(timestamp()),
  requests: Type.Array(HistoryRequestSchema, {
    description: 'The last 20 requests for older messages of a chat, newest first.',
  }),
});
export type History = Static<typeof HistorySchema>;
