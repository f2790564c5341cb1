import { Type } from 'typebox';
import { MessageCappingSchema } from '../message-capping.ts';
import { WORKSPACE_NOTICES } from '../notices.ts';
import { RISK_LEVELS, RiskReasonSchema } from '../risk.ts';
import { nullable, oneOf, timestamp } from '../schema.ts';
import { SESSION_STATES, SESSION_STATUSES } from '../session-states.ts';
import { event } from './event.ts';

const code = Type.String({ description: "WhatsApp's code, or that of the network.", examples: ['428'] });
const reason = Type.String({ description: 'What happened and what to do, in a sentence for people.' });

/** Reasons of placements after which another process continues a session. */
export const MIGRATIONS = ['takeover', 'handover', 'worker restarted'] as const;

const LOST = 'The connection to WhatsApp was lost. The session reconnects by itself.';

/** Events of a session: its connection, its link to the phone, and the limits of its account. */
export const SESSION_EVENTS = {
  'connection.open': event({
    summary: 'The session is connected.',
    data: Type.Object({
      phoneNumber: Type.String({ description: 'With +.' }),
      jid: Type.String({ description: 'The account, as WhatsApp names it.' }),
      lid: Type.Optional(Type.String({ description: 'The name of the account that hides its number.' })),
      pushName: Type.Optional(Type.String()),
    }),
    example: {
      phoneNumber: '+15551234567',
      jid: '15551234567@s.whatsapp.net',
      lid: '212345678901234@lid',
      pushName: 'Ann',
    },
    keep: 'log',
  }),
  'connection.close': event({
    summary: 'The connection was lost or ended.',
    data: Type.Object({
      code: nullable(code),
      reason: nullable(reason),
      reconnects: Type.Boolean({ description: 'true: the session connects again by itself.' }),
    }),
    example: { code: '428', reason: LOST, reconnects: true },
    keep: 'log',
  }),
  'qr.generated': event({
    summary: 'There is a QR code to scan.',
    data: Type.Object({
      qr: Type.String({ description: 'The text of the code.' }),
      attempt: Type.Integer({ description: 'Counts the codes of one pairing from 1.' }),
      expiresAt: timestamp(),
    }),
    example: { qr: 'https://wa.me/settings/linked_devices#2@AbC,…', attempt: 1, expiresAt: '2026-01-15T10:30:00.000Z' },
    keep: 'log',
  }),
  'session.status': event({
    summary: 'The state of the session has changed.',
    data: Type.Object({
      status: oneOf(SESSION_STATUSES),
      state: oneOf(SESSION_STATES, 'The exact state behind the status.'),
      reason: nullable(reason),
      code: nullable(code),
    }),
    example: { status: 'reconnecting', state: 'reconnecting', reason: LOST, code: '428' },
    keep: 'log',
  }),
  'session.loggedout': event({
    summary: 'The device is not linked any more.',
    data: Type.Object({ code, reason }),
    example: { code: '401/device_removed', reason: 'The device was removed on the phone.' },
    keep: 'log',
  }),
  'session.migrated': event({
    summary: 'Another worker hosts the session now.',
    data: Type.Object({
      reason: oneOf(MIGRATIONS),
      epoch: Type.Integer({ description: 'The placement that began.' }),
    }),
    example: { reason: 'takeover', epoch: 9 },
    keep: 'log',
  }),
  'session.restricted': event({
    summary: 'A time-lock: WhatsApp does not let the account begin new chats (`restricted: true`), or does again.',
    data: Type.Object({
      restricted: Type.Boolean(),
      type: nullable(Type.String({ description: "WhatsApp's name for the cause.", examples: ['DEFAULT'] })),
      until: nullable(timestamp()),
    }),
    example: { restricted: true, type: 'DEFAULT', until: '2026-01-15T10:30:00.000Z' },
    keep: 'log',
  }),
  'session.banned': event({
    summary: 'WhatsApp has banned the account, for a while or for good, and does not let the session connect.',
    data: Type.Object({
      code,
      reason,
      isTemporary: Type.Boolean({ description: 'true: it ends by itself.' }),
      until: nullable(timestamp('When it ends; null: it does not, or WhatsApp does not say.')),
    }),
    example: {
      code: '402/104',
      reason:
        'WhatsApp has banned this account for a while: it sent the same message to too many people. Open WhatsApp on the phone to see until when; restart the session then.',
      isTemporary: true,
      until: '2026-01-15T10:30:00.000Z',
    },
    keep: 'log',
  }),
  'session.capped': event({
    summary: 'WhatsApp tells about its cap on new chats.',
    data: MessageCappingSchema,
    example: { status: 'first_warning', used: 80, total: 100, cycleEndsAt: '2026-01-15T10:30:00.000Z' },
    keep: 'log',
  }),
  'session.risk': event({
    summary: 'How likely WhatsApp is to restrict the account has another level now. Told once for each change.',
    data: Type.Object({
      score: Type.Integer({ minimum: 0, maximum: 100 }),
      level: oneOf(RISK_LEVELS),
      previousLevel: oneOf(RISK_LEVELS),
      reasons: Type.Array(RiskReasonSchema, { description: 'What the score is made of, the heaviest first.' }),
    }),
    example: {
      score: 62,
      level: 'high',
      previousLevel: 'elevated',
      reasons: [
        {
          signal: 'first_contacts',
          points: 40,
          reason: 'In a day the account has written to 260 people who had never written to it; at most 50 are advised.',
          advice: 'Write to fewer new people a day: keep pacing on, with its limits for first contacts.',
        },
      ],
    },
    keep: 'log',
  }),
  'session.restored': event({
    summary:
      'The database of the installation was restored from a backup, or a replica was promoted. What happened after `asOf` may be missing, and `seq` leaps.',
    data: Type.Object({
      asOf: nullable(timestamp()),
      skipped: Type.Integer({ description: 'Numbers of `seq` that were left out before this event.' }),
    }),
    example: { asOf: '2026-01-15T10:30:00.000Z', skipped: 1_000_000 },
    keep: 'log',
  }),
  'session.passkey_required': event({
    summary: 'Linking waits for a passkey, or for its confirmation.',
    data: Type.Object({ step: oneOf(['passkey', 'confirmation'] as const), reason }),
    example: { step: 'passkey', reason: 'This account links a device only with a passkey.' },
    keep: 'log',
  }),
  'session.notice': event({
    summary: 'Something has been wrong with the session for longer than the set time, or is over.',
    data: Type.Object({
      noticeId: Type.String({ format: 'uuid', description: 'The same for the beginning and the end of an incident.' }),
      kind: oneOf(WORKSPACE_NOTICES),
      step: oneOf(['begun', 'resolved'] as const),
      since: timestamp('When it was observed first.'),
      reason,
      action: Type.String({ description: 'What to do.' }),
      link: nullable(Type.String({ description: 'Where to do it, for a person who is logged in.' })),
    }),
    example: {
      noticeId: '01a1fe67-59c3-7e76-818f-224716029ae9',
      kind: 'logged_out',
      step: 'begun',
      since: '2026-01-15T10:30:00.000Z',
      reason: 'The device was removed on the phone.',
      action: 'Link the session again: ask for a QR code and scan it with the phone.',
      link: 'https://gate.example.com/sessions/user123-personal',
    },
    keep: 'log',
  }),
};
