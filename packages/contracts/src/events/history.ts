import { Type } from 'typebox';
import { historyPercent } from '../history.ts';
import { oneOf } from '../schema.ts';
import { event } from './event.ts';

/** What a part of the history contains. */
const KINDS = ['bootstrap', 'recent', 'full', 'names', 'on_request', 'gap', 'other'] as const;

/** Events of the history that the phone of a session sends. */
export const HISTORY_EVENTS = {
  'history.progress': event({
    summary: 'A part of the history was taken in.',
    data: Type.Object({
      kind: oneOf(
        KINDS,
        '`bootstrap` (the first chats), `recent`, `full` (what is older), `names`, `on_request` (older messages of a chat that were asked for), `gap` (messages of a chat that were missed while the session was away), or `other`.',
      ),
      requestId: Type.Optional(
        Type.String({ description: 'Of `on_request` and `gap`. The answer to your request has it, too.' }),
      ),
      chat: Type.Optional(Type.String({ description: 'Of `on_request` and `gap`: the chat as WhatsApp names it.' })),
      hasMore: Type.Optional(
        Type.Boolean({ description: 'Of `on_request` and `gap`: the phone has older messages still.' }),
      ),
      progress: Type.Optional(historyPercent),
      found: Type.Integer({ description: 'Messages in this part.' }),
      stored: Type.Integer({
        description: 'Those of them that were not known yet. No event tells them one by one, except what was missed.',
      }),
      chats: Type.Integer({ description: 'Chats in this part.' }),
      waiting: Type.Integer({ description: 'Parts that are announced and not taken in yet.' }),
      refused: Type.Optional(
        Type.Integer({ description: 'Messages of this part that the database refuses: they are left out.' }),
      ),
      failed: Type.Optional(Type.String({ description: 'Why this part was given up.' })),
    }),
    example: { kind: 'recent', progress: 40, found: 5_000, stored: 4_998, chats: 31, waiting: 2 },
    keep: 'log',
  }),
};
