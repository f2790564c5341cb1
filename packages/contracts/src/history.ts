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
});
export type History = Static<typeof HistorySchema>;
