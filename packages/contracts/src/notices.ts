import { type Static, Type } from 'typebox';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { WORKSPACE_ROLES, workspaceRole } from './workspace-roles.ts';

/**
 * What incidents there are, and who is told of them. `workspace`: the members whose role the settings name, and the
 * session's webhook by the event `session.notice`. `administrators`: the platform's. `waits`: told when it has lasted
 * for the delay of the settings; the others are told at once.
 */
export const NOTICES = {
  down: { audiences: ['workspace'], waits: true, summary: 'A linked session is not connected.' },
  logged_out: {
    audiences: ['workspace'],
    waits: true,
    summary: 'The device is not linked any more, and nobody has linked it again.',
  },
  banned: {
    audiences: ['workspace'],
    waits: false,
    summary: 'WhatsApp has banned the account, for a while or for good.',
  },
  restricted: {
    audiences: ['workspace'],
    waits: true,
    summary: 'WhatsApp refuses the account, or does not let it begin new chats.',
  },
  capped: { audiences: ['workspace'], waits: true, summary: 'The cap on new chats is used up.' },
  at_risk: {
    audiences: ['workspace'],
    waits: true,
    summary: 'WhatsApp has warned about the cap on new chats, or the risk score of the session is high.',
  },
  webhook_off: {
    audiences: ['workspace', 'administrators'],
    waits: false,
    summary: 'The receiver of a webhook answered 410, so it was switched off.',
  },
  webhook_down: {
    audiences: ['workspace'],
    waits: true,
    summary: 'The receiver of a webhook takes nothing. Its events wait, for three days.',
  },
  worker_lost: { audiences: ['administrators'], waits: true, summary: 'A worker has ended without a goodbye.' },
  client_outdated: {
    audiences: ['administrators'],
    waits: false,
    summary: 'WhatsApp refuses the version of its client with which sessions log in (405).',
  },
  no_capacity: {
    audiences: ['administrators'],
    waits: false,
    summary: 'Sessions have been waiting for a worker for longer than the delay.',
  },
} as const satisfies Record<
  string,
  { audiences: readonly ('workspace' | 'administrators')[]; waits: boolean; summary: string }
>;

export type NoticeKind = keyof typeof NOTICES;
export const NOTICE_KINDS = Object.keys(NOTICES) as NoticeKind[];

const isForWorkspace = (kind: NoticeKind): boolean =>
  (NOTICES[kind].audiences as readonly string[]).includes('workspace');
/** What workspaces are told. */
export const WORKSPACE_NOTICES = NOTICE_KINDS.filter(isForWorkspace);

const MAX_DELAY_SECONDS = 7 * 86_400;
const id = (description: string) => Type.String({ minLength: 1, maxLength: 100, description });

export const NoticesParamsSchema = Type.Object({ id: id('Id of the workspace.') });

export const NoticeSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    kind: oneOf(NOTICE_KINDS),
    subject: Type.String({ description: 'The session, the worker or the network that it is about.' }),
    since: timestamp('When it was observed first.'),
    toldAt: nullable(timestamp('When it was told; null while it has not lasted for long enough.')),
    mails: Type.Integer({ description: 'How many mails were queued.' }),
    endedAt: nullable(timestamp('When it was over.')),
    resolved: Type.Boolean({
      description: 'It ended well; otherwise another notice took its place, or the session was stopped.',
    }),
    reason: Type.String({ description: 'What happened, in a sentence for people.' }),
    action: Type.String({ description: 'What to do.' }),
    link: nullable(
      Type.String({
        description:
          'Where to do it, for a person who is logged in; null while the installation does not know its own address (PUBLIC_URL).',
      }),
    ),
  },
  { description: 'An incident, and what was told of it.' },
);
export type Notice = Static<typeof NoticeSchema>;

export const ListNoticesQuerySchema = Type.Object({
  ...cursorQuery,
  open: Type.Optional(Type.Boolean({ description: 'Only those that go on (`true`) or are over (`false`).' })),
});
export const ListNoticesResultSchema = Type.Object({
  notices: Type.Array(NoticeSchema),
  pagination: CursorPaginationSchema,
});

const delaySeconds = Type.Integer({
  minimum: 0,
  maximum: MAX_DELAY_SECONDS,
  description: 'How many seconds an incident lasts before it is told.',
});
const kinds = Type.Array(oneOf(WORKSPACE_NOTICES), {
  uniqueItems: true,
  maxItems: WORKSPACE_NOTICES.length,
  description: 'What is mailed.',
});
const roles = Type.Array(workspaceRole(), {
  uniqueItems: true,
  maxItems: WORKSPACE_ROLES.length,
  description: 'Members with these roles get mails.',
});
const ends = Type.Boolean({ description: 'Whether the end of an incident is mailed too.' });

const mail = Type.Object(
  { on: Type.Boolean(), reason: nullable(Type.String({ description: 'Why no mail is sent, and what to do.' })) },
  { description: 'Whether this installation sends mails at all.' },
);

export const NoticeSettingsSchema = Type.Object({
  delaySeconds,
  kinds,
  roles,
  ends,
  mail,
  recipients: Type.Array(
    Type.Object({
      userId: Type.String({ format: 'uuid' }),
      email: Type.String(),
      mailed: Type.Boolean(),
      reason: nullable(Type.String({ description: 'Why no mail goes there.' })),
    }),
    { description: 'The members of the workspace, and who of them gets mails now.' },
  ),
});
export type NoticeSettings = Static<typeof NoticeSettingsSchema>;
export const NoticeSettingsResultSchema = Type.Object({ settings: NoticeSettingsSchema });

export const ChangeNoticeSettingsRequestSchema = requestBody(
  {
    delaySeconds: Type.Optional(nullable(delaySeconds)),
    kinds: Type.Optional(kinds),
    roles: Type.Optional(roles),
    ends: Type.Optional(ends),
  },
  { delaySeconds: 600, kinds: ['down', 'logged_out'], roles: ['owner', 'operator'], ends: true },
  'Each given field replaces the present one. `delaySeconds: null` is the delay of the installation.',
);
export type ChangeNoticeSettingsRequest = Static<typeof ChangeNoticeSettingsRequestSchema>;

export const NoticeSubscriptionRequestSchema = requestBody(
  { mail: Type.Boolean({ description: 'Whether you want the mails.' }) },
  { mail: false },
);
export const NoticeSubscriptionResultSchema = Type.Object({ mail: Type.Boolean() });
