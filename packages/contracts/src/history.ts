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

/** How many messages the phone is asked for at once; it may send fewer. */
export const HISTORY_ON_REQUEST = { default: 50, most: 200 } as const;

/** Which older messages of a chat the phone is asked for. */
export const FetchHistoryRequestSchema = Type.Object(
  {
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: HISTORY_ON_REQUEST.most,
        default: HISTORY_ON_REQUEST.default,
        description: 'How many messages at most. The phone may send fewer.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ count: 50 }] },
);

/** What the phone was asked for. */
export const FetchedHistorySchema = Type.Object({
  chat: Type.String({ description: 'The chat as WhatsApp names it.' }),
  requestId: Type.String({ description: '`history.progress` has it when the messages are stored.' }),
  beforeMessageId: Type.String({ description: 'The oldest message of the chat here: older ones are asked for.' }),
  before: timestamp('When that message was written.'),
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
  gap: nullable(
    Type.Object(
      {
        since: timestamp('When the session was last connected before.'),
        until: timestamp('When it was connected again.'),
        waiting: Type.Integer({ description: 'Chats that the phone is asked for, or will be.' }),
        done: Type.Integer({ description: 'Chats of which all is here that the phone has.' }),
        failed: Type.Integer({
          description: 'Chats for which the phone has not answered, or whose answer is unreadable.',
        }),
        stored: Type.Integer({ description: 'Messages that were missing.' }),
      },
      { description: 'The last time in which the session was away so long that messages may be missing.' },
    ),
  ),
  lastError: nullable(Type.String()),
  lastPartAt: nullable(timestamp()),
});
export type History = Static<typeof HistorySchema>;
