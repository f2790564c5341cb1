import { Type } from 'typebox';
import { event } from './event.ts';

/** The figures of a broadcast, under the names that the API has for them (`broadcasts.ts`). */
const figure = Type.Integer({ minimum: 0 });
const broadcast = {
  broadcastId: Type.String({ format: 'uuid' }),
  name: Type.String(),
  status: Type.String({ description: 'Of the broadcast: `running`, `paused`, `completed` or `cancelled`.' }),
  counts: Type.Object({
    total: figure,
    pending: figure,
    queued: figure,
    sent: figure,
    failed: figure,
    unknown: figure,
    skipped: figure,
    cancelled: figure,
    invalid: figure,
  }),
  progress: Type.Number({ description: 'The share of the list that is done, 0 to 1. It never goes back.' }),
};

const EXAMPLE = {
  broadcastId: '01a1fe67-59c3-7e76-818f-224716029ae9',
  name: 'Opening hours',
  counts: { total: 3, pending: 0, queued: 0, sent: 2, failed: 0, unknown: 0, skipped: 1, cancelled: 0, invalid: 0 },
  progress: 1,
};

/** Events of broadcasts: they belong to the first session that carries the broadcast and is still there. */
export const BROADCAST_EVENTS = {
  'broadcast.progress': event({
    summary: 'A broadcast has got on, or was started, paused or resumed. At most one in two seconds.',
    data: Type.Object({
      ...broadcast,
      reason: Type.Optional(Type.String({ description: 'Why it was paused by itself, and what to do.' })),
    }),
    example: {
      ...EXAMPLE,
      status: 'running',
      counts: { ...EXAMPLE.counts, queued: 1, sent: 1 },
      progress: 2 / 3,
    },
    keep: 'log',
  }),
  'broadcast.completed': event({
    summary: 'A broadcast has ended, or was cancelled and nothing of it is in flight any more: its counts are final.',
    data: Type.Object(broadcast),
    example: { ...EXAMPLE, status: 'completed' },
    keep: 'log',
  }),
  'keyword.matched': event({
    summary: 'A message fits a keyword rule whose action is this event.',
    data: Type.Object({
      ruleId: Type.String({ format: 'uuid' }),
      rule: Type.String({ description: 'The name of the rule.' }),
      keyword: Type.String({ description: 'The pattern that fits.' }),
      groups: Type.Array(Type.String(), { description: 'Of a regular expression: what its groups found.' }),
      messageId: Type.String({ format: 'uuid', description: 'The message that came.' }),
      chat: Type.String({ description: 'The chat, as WhatsApp names it.' }),
      from: Type.String({ description: 'Who wrote it; in groups the participant.' }),
      text: Type.String(),
      replyMessageId: Type.Optional(
        Type.String({ format: 'uuid', description: 'The answer, where the rule has one.' }),
      ),
    }),
    example: {
      ruleId: '01a1fe67-59c3-7e76-818f-224716029ae1',
      rule: 'Rooms',
      keyword: 'pinjam ruang',
      groups: [],
      messageId: '01a1fe67-59c3-7e76-818f-224716029ae9',
      chat: '15551234567@s.whatsapp.net',
      from: '15551234567@s.whatsapp.net',
      text: 'Saya mau pinjam ruang A',
    },
    keep: 'log',
  }),
};
