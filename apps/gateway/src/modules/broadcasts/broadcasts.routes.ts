import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AddedRecipientsSchema,
  type AddRecipientsRequest,
  AddRecipientsRequestSchema,
  BROADCAST_LIMITS,
  BroadcastParamsSchema,
  BroadcastPreviewSchema,
  BroadcastReportQuerySchema,
  BroadcastReportSchema,
  BroadcastSchema,
  CreateBroadcastRequestSchema,
  CreatedBroadcastSchema,
  DeleteBroadcastResultSchema,
  ListBroadcastsQuerySchema,
  ListBroadcastsResultSchema,
  type MessageTemplate,
  type OutboundRequest,
  operationOf,
  PreviewBroadcastRequestSchema,
  RECIPIENT_SOURCES,
  success,
  UpdateBroadcastRequestSchema,
} from '@wa-gate/contracts';
import type { WorkFolder } from '@wa-gate/media';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { acceptCsvBodies, refuseLargeCsv, spoolCsv } from '../../http/csv-file.ts';
import { ok } from '../../http/envelope.ts';
import { refuseUnstorableBody } from '../../http/stored-text.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { actorOf } from '../audit/index.ts';
import { type GroupsService, jidOfGroup } from '../groups/index.ts';
import { callOperation } from '../live/index.ts';
import { requestFiles, type TakenFiles } from '../media/index.ts';
import { TEMPLATE_ERRORS, type Templates, templateValidator } from '../messages/index.ts';
import { DEFAULT_SESSION_ERRORS, reachOf, type SessionDirectory } from '../sessions/index.ts';
import type { GivenRow } from './add-recipients.ts';
import type { BroadcastsService } from './broadcasts.service.ts';
import type { RecipientSources } from './recipient-sources.ts';
import type { BroadcastReports } from './report.ts';

export interface BroadcastsRoutesOptions {
  broadcasts: BroadcastsService;
  broadcastReports: BroadcastReports;
  recipientSources: RecipientSources;
  templates: Templates;
  directory: SessionDirectory;
  groups: GroupsService;
  owner: OwnerLink;
  workFolder: WorkFolder;
  guards: Guards;
}

const tags = ['Broadcasts'];
const ONE_OF_THE_TWO = 'Give `message`, or `variants` for several: one of the two.';
/** Of labels and groups. */
const SOURCE_ERRORS = ['LABEL_NOT_FOUND', ...operationOf('groups.get').errors] as const;
const manage = { audience: 'workspace', permission: 'broadcasts.manage' } as const;

export const broadcastsRoutes: FastifyPluginAsyncTypebox<BroadcastsRoutesOptions> = async (app, options) => {
  const { broadcasts, broadcastReports, recipientSources, templates, directory, groups, owner, workFolder, guards } =
    options;
  const workspaceOf = (request: FastifyRequest): string => principalOf(request).workspaceId;
  app.addHook('preValidation', refuseUnstorableBody);

  /** What a request names, with the sessions resolved. A group that our table has not, or not anew, is asked for. */
  async function sourcesOf(
    request: FastifyRequest,
    { recipients, contacts, chats, group: asked }: AddRecipientsRequest,
  ): Promise<AsyncGenerator<GivenRow>> {
    const sessionOf = (slug: string) => directory.resolve(principalOf(request), slug);
    const ofSession = contacts?.sessionId === undefined ? undefined : (await sessionOf(contacts.sessionId)).id;
    const members = async ({ sessionId, group }: NonNullable<typeof asked>) => {
      const session = await sessionOf(sessionId);
      const jid = jidOfGroup(group);
      const ask = () => callOperation(owner, 'groups.get', session.id, { group: jid }, request);
      return (await groups.get(session, jid, undefined, ask)).participants;
    };
    return await recipientSources.ofRequest(workspaceOf(request), {
      recipients,
      ...(contacts && { contacts: { ...contacts, ofSession } }),
      ...(chats && { chats: { label: chats.label, sessionId: (await sessionOf(chats.sessionId)).id } }),
      ...(asked && { members: await members(asked) }),
    });
  }

  interface GivenTemplate {
    message?: string | MessageTemplate | undefined;
    variants?: (string | MessageTemplate)[] | undefined;
  }

  /** Has the files of a message taken in for `work`; when that refuses, they go. `undefined`: none is given. */
  async function withMessages<T>(
    request: FastifyRequest,
    { message, variants }: GivenTemplate,
    work: (messages: OutboundRequest[] | undefined) => Promise<T>,
  ): Promise<T> {
    if (message !== undefined && variants !== undefined) throw new ApiError('VALIDATION', { message: ONE_OF_THE_TWO });
    const given = variants ?? (message === undefined ? undefined : [message]);
    const files = { reach: reachOf(principalOf(request)), files: requestFiles(request) };
    const taken: TakenFiles<OutboundRequest>[] = [];
    try {
      for (const [index, content] of given?.entries() ?? []) {
        const field = variants ? `variants.${index}` : 'message';
        taken.push(await templates.take(workspaceOf(request), content, files, field));
      }
      return await work(given && taken.map((content) => content.request));
    } catch (error) {
      if (error instanceof ApiError) await Promise.all(taken.map((content) => content.discard()));
      throw error;
    }
  }

  app.post(
    '/broadcast',
    {
      onRequest: guards({ ...manage, limits: ['broadcasts'] }),
      config: { audit: 'broadcast.created' },
      bodyLimit: BROADCAST_LIMITS.jsonBytes,
      validatorCompiler: templateValidator,
      schema: {
        tags,
        operationId: 'broadcasts.create',
        summary: 'Make a broadcast',
        description: [
          'A message to many, of any kind, with variables such as `{{name|friend}}`. Recipients come with the request, from contacts, labels and groups, or are added later; each',
          'person is written to once, whatever spellings of its number the list has. It starts by `start: true`, at `scheduledAt`, or by a call of its own.',
          'Also as /api/broadcasts.',
        ].join(' '),
        body: CreateBroadcastRequestSchema,
        response: {
          201: success(CreatedBroadcastSchema),
          ...errorResponses(...DEFAULT_SESSION_ERRORS, ...TEMPLATE_ERRORS, ...SOURCE_ERRORS, 'BROADCAST_EMPTY'),
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const {
        name = 'Broadcast',
        sessionIds,
        message,
        variants,
        metadata,
        scheduledAt,
        start = false,
        ...sources
      } = request.body;
      if (message === undefined && variants === undefined)
        throw new ApiError('VALIDATION', { message: ONE_OF_THE_TWO });
      if (start && scheduledAt !== undefined)
        throw new ApiError('VALIDATION', { message: 'Give `start` or `scheduledAt`, not both.' });
      const sessions = sessionIds
        ? await Promise.all(sessionIds.map((slug) => directory.resolve(principal, slug)))
        : [await directory.resolveDefault(principal)];
      const created = await withMessages(request, { message, variants }, async (messages) =>
        broadcasts.create(actorOf(request), principal.workspaceId, {
          name,
          sessions,
          messages: messages!,
          metadata,
          apiKeyId: principal.kind === 'key' ? principal.keyId : undefined,
          scheduledAt: scheduledAt === undefined ? undefined : new Date(scheduledAt),
          start,
          rows: await sourcesOf(request, sources),
        }),
      );
      return reply.code(201).send(ok(created));
    },
  );

  app.get(
    '/broadcast',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'broadcasts.list',
        summary: 'Broadcasts, the newest first',
        querystring: ListBroadcastsQuerySchema,
        response: { 200: success(ListBroadcastsResultSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await broadcasts.list(workspaceOf(request), request.query)),
  );

  app.get(
    '/broadcast/:id',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'broadcasts.get',
        summary: 'One broadcast, with its counts',
        params: BroadcastParamsSchema,
        response: { 200: success(BroadcastSchema), ...errorResponses('BROADCAST_NOT_FOUND') },
      },
    },
    async (request) => ok(await broadcasts.get(workspaceOf(request), request.params.id)),
  );

  app.patch(
    '/broadcast/:id',
    {
      onRequest: guards(manage),
      config: { audit: 'broadcast.updated' },
      bodyLimit: BROADCAST_LIMITS.jsonBytes,
      validatorCompiler: templateValidator,
      schema: {
        tags,
        operationId: 'broadcasts.update',
        summary: 'Change a broadcast that has not begun',
        description:
          'Its message, its sessions, its name, its metadata, and when it starts; what is not given stays. The list stays too.',
        params: BroadcastParamsSchema,
        body: UpdateBroadcastRequestSchema,
        response: {
          200: success(BroadcastSchema),
          ...errorResponses('BROADCAST_NOT_FOUND', 'BROADCAST_STATE', 'SESSION_NOT_FOUND', ...TEMPLATE_ERRORS),
        },
      },
    },
    async (request) => {
      const { sessionIds, message, variants, scheduledAt, ...fields } = request.body;
      const workspaceId = workspaceOf(request);
      const { id } = request.params;
      // Before files are taken in for a broadcast that there is not.
      await broadcasts.get(workspaceId, id);
      const sessions =
        sessionIds && (await Promise.all(sessionIds.map((slug) => directory.resolve(principalOf(request), slug))));
      const at = scheduledAt == null ? scheduledAt : new Date(scheduledAt);
      return ok(
        await withMessages(request, { message, variants }, (messages) =>
          broadcasts.update(actorOf(request), workspaceId, id, { ...fields, sessions, messages, scheduledAt: at }),
        ),
      );
    },
  );

  app.delete(
    '/broadcast/:id',
    {
      onRequest: guards(manage),
      config: { audit: 'broadcast.deleted' },
      schema: {
        tags,
        operationId: 'broadcasts.delete',
        summary: 'Delete a broadcast with its report',
        description: 'One that has not begun, or has ended. Its messages stay.',
        params: BroadcastParamsSchema,
        response: {
          200: success(DeleteBroadcastResultSchema),
          ...errorResponses('BROADCAST_NOT_FOUND', 'BROADCAST_STATE'),
        },
      },
    },
    async (request) => ok(await broadcasts.remove(actorOf(request), workspaceOf(request), request.params.id)),
  );

  app.post(
    '/broadcast/:id/recipients',
    {
      onRequest: guards(manage),
      config: { audit: 'broadcast.filled' },
      bodyLimit: BROADCAST_LIMITS.jsonBytes,
      schema: {
        tags,
        operationId: 'broadcasts.addRecipients',
        summary: 'Add recipients',
        description: `Until it starts. A list has at most ${BROADCAST_LIMITS.recipients} rows.`,
        params: BroadcastParamsSchema,
        body: AddRecipientsRequestSchema,
        response: {
          200: success(AddedRecipientsSchema),
          ...errorResponses('BROADCAST_NOT_FOUND', 'BROADCAST_STATE', 'SESSION_NOT_FOUND', ...SOURCE_ERRORS),
        },
      },
    },
    async (request) => {
      const { body, params } = request;
      const workspaceId = workspaceOf(request);
      if (RECIPIENT_SOURCES.every((source) => body[source] === undefined))
        throw new ApiError('VALIDATION', {
          message: 'Give `recipients`, `contacts`, `chats`, `group`, or several of these.',
        });
      // Before WhatsApp is asked for a group.
      await broadcasts.get(workspaceId, params.id);
      const rows = await sourcesOf(request, body);
      return ok(await broadcasts.addRecipients(actorOf(request), workspaceId, params.id, rows));
    },
  );

  const verbs = [
    ['start', 'Start a broadcast', 'A draft, or one that is scheduled: it does not wait for its time any more.'],
    ['pause', 'Pause a broadcast', 'What has not begun to leave stays, and is not lost. Takes from no rate limit.'],
    ['resume', 'Go on with a paused broadcast', 'Nobody who was written to is written to again.'],
    [
      'cancel',
      'Cancel a broadcast',
      'For good. After the answer nothing leaves but what was in flight already. Takes from no rate limit.',
    ],
  ] as const;
  for (const [verb, summary, description] of verbs) {
    const isBrake = verb === 'pause' || verb === 'cancel';
    app.post(
      `/broadcast/:id/${verb}`,
      {
        onRequest: guards(isBrake ? manage : { ...manage, limits: ['broadcasts'] }),
        config: { audit: AUDITED[verb] },
        schema: {
          tags,
          operationId: `broadcasts.${verb}`,
          summary,
          description: `${description} The same call again is answered alike.`,
          params: BroadcastParamsSchema,
          response: {
            200: success(BroadcastSchema),
            ...errorResponses('BROADCAST_NOT_FOUND', 'BROADCAST_STATE', 'BROADCAST_EMPTY'),
          },
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        return ok(await broadcasts.change(actorOf(request), workspaceOf(request), id, verb));
      },
    );
  }

  app.post(
    '/broadcast/:id/preview',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'broadcasts.preview',
        summary: 'The message as one recipient would get it',
        description: 'Somebody of the list, or anybody else. Nothing is sent.',
        params: BroadcastParamsSchema,
        body: PreviewBroadcastRequestSchema,
        response: {
          200: success(BroadcastPreviewSchema),
          ...errorResponses('BROADCAST_NOT_FOUND', 'BROADCAST_EMPTY', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) => {
      const { to, name, variables, variant } = request.body ?? {};
      return ok(await broadcasts.preview(workspaceOf(request), request.params.id, { to, name, variables, variant }));
    },
  );

  app.get(
    '/broadcast/:id/report',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'broadcasts.report',
        summary: 'What became of each recipient',
        description:
          'Page by page with the totals, or all rows as CSV (`?format=csv`), in which a spreadsheet finds no formulas.',
        params: BroadcastParamsSchema,
        querystring: BroadcastReportQuerySchema,
        response: {
          200: {
            description: 'The report.',
            content: {
              'application/json': { schema: success(BroadcastReportSchema) },
              'text/csv': { schema: Type.Unsafe<never>({ type: 'string' }) },
            },
          },
          ...errorResponses('BROADCAST_NOT_FOUND'),
        },
      },
    },
    async (request, reply) => {
      const { format = 'json', ...query } = request.query;
      const workspaceId = workspaceOf(request);
      const { id } = request.params;
      if (format === 'json') return ok(await broadcastReports.page(workspaceId, id, query));
      const csv = await broadcastReports.csv(workspaceId, id, query.state);
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="broadcast.csv"')
        .send(csv as never);
    },
  );

  await app.register(async (scope) => {
    acceptCsvBodies(scope);
    scope.post(
      '/broadcast/:id/recipients/import',
      {
        onRequest: [guards(manage), refuseLargeCsv(BROADCAST_LIMITS.csvBytes)],
        config: { audit: 'broadcast.filled' },
        bodyLimit: BROADCAST_LIMITS.csvBytes,
        schema: {
          tags,
          operationId: 'broadcasts.importRecipients',
          summary: 'Add recipients from CSV',
          description: [
            'The body is the file. Its first line names the columns: one of phone numbers, a `name`, and others, whose values are variables of the message. Without',
            'such a line the first column holds numbers, the second names. Fields may be separated by commas, semicolons or tabs. Rows that cannot be read are',
            'reported by their line, and the others are kept.',
          ].join(' '),
          consumes: ['text/csv'],
          params: BroadcastParamsSchema,
          body: Type.Unsafe<string>({
            description: 'The file.',
            examples: ['phoneNumber,name,order\n+6281234567890,Ann,4711\n'],
          }),
          response: {
            200: success(AddedRecipientsSchema),
            ...errorResponses('BROADCAST_NOT_FOUND', 'BROADCAST_STATE'),
          },
        },
      },
      async (request) => {
        const workspaceId = workspaceOf(request);
        const { id } = request.params as { id: string };
        // Before the file is read: it may be large.
        await broadcasts.get(workspaceId, id);
        const file = await spoolCsv(request.body, workFolder, BROADCAST_LIMITS.csvBytes);
        try {
          const rows = await recipientSources.ofFile(file.path);
          return ok(await broadcasts.addRecipients(actorOf(request), workspaceId, id, rows));
        } finally {
          await file[Symbol.asyncDispose]();
        }
      },
    );
  });
};

const AUDITED = {
  start: 'broadcast.started',
  pause: 'broadcast.paused',
  resume: 'broadcast.resumed',
  cancel: 'broadcast.cancelled',
} as const;
