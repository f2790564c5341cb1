import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type ActedOnMessage,
  AnswerRequestSchema,
  BareChangeQuerySchema,
  ChangeQuerySchema,
  type ChangeRequest,
  ChangeResultSchema,
  type ChangeWaitFor,
  DeletedMessageSchema,
  DeleteMessageQuerySchema,
  EditMessageRequestSchema,
  LIMITS,
  MESSAGE_LIMIT,
  MessageParamsSchema,
  operationOf,
  PIN_DURATIONS,
  PinRequestSchema,
  ReactRequestSchema,
  SendHeadersSchema,
  success,
  VoteRequestSchema,
} from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ok } from '../../http/envelope.ts';
import { refuseWhatIsNoText } from '../../http/stored-text.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { Changing } from './changing.ts';
import { refuseWrongKey } from './idempotency-header.ts';
import type { MessagesService } from './messages.service.ts';
import { parseMentioned } from './send-context.ts';

export interface ChangeRoutesOptions {
  changing: Changing;
  /** What is done for the account alone, by the owner of its session. */
  messageActions: {
    deleteForMe(message: { id: string; sessionId: string }, request: FastifyRequest): Promise<ActedOnMessage>;
  };
  messages: Pick<MessagesService, 'record'>;
  limiter: Limiter;
  guards: Guards;
}

const tags = ['Messages'];

const ERRORS = [
  'SESSION_NOT_CONNECTED',
  'SESSION_LOGGED_OUT',
  'MESSAGE_NOT_FOUND',
  'MESSAGE_DELETED',
  'MESSAGE_NOT_SENT',
  'CHANGE_NOT_POSSIBLE',
  'IDEMPOTENCY_MISMATCH',
  'IDEMPOTENCY_GONE',
  'WA_REACHOUT_TIMELOCK',
  'TIER_MESSAGE_LIMIT',
] as const;

const { errors: ofOwner } = operationOf('messages.deleteForMe');

const answers = { 200: success(ChangeResultSchema), 202: success(ChangeResultSchema) };

/** What all routes of changes have in common. */
interface ChangeCall {
  params: { id: string };
  query: { wait?: ChangeWaitFor | undefined; timeoutMs?: number | undefined; clientMessageId?: string | undefined };
  headers: { 'idempotency-key'?: string | undefined };
}

const HOW = [
  'It goes through the outbox, behind what was sent into the chat before: also behind its message, when that is still queued.',
  'Waits for the acknowledgement of WhatsApp’s server and answers 200 with `status: "sent"`; when it does not come in time, 202.',
].join(' ');

/** What is done to a message after it was sent. */
export const changeRoutes: FastifyPluginAsyncTypebox<ChangeRoutesOptions> = async (app, options) => {
  const { changing, messageActions, messages, limiter, guards } = options;

  async function make(
    call: ChangeCall & FastifyRequest,
    reply: FastifyReply,
    request: ChangeRequest,
    clientMessageId = call.query.clientMessageId,
  ) {
    const { wait = 'sent', timeoutMs = LIMITS.waitDefaultMs } = call.query;
    const principal = principalOf(call);
    refuseWhatIsNoText(request);
    const message = await messages.record(principal, call.params.id);
    const { result, isSettled, isReplay } = await changing.change(message, request, {
      wait,
      timeoutMs,
      clientMessageId,
      idempotencyKey: call.headers['idempotency-key'],
      apiKeyId: principal.kind === 'key' ? principal.keyId : undefined,
    });
    if (isReplay) {
      reply.header('idempotent-replayed', 'true');
      await limiter.giveBack(call, reply, [MESSAGE_LIMIT]);
    }
    return reply.code(isSettled ? 200 : 202).send(ok(result));
  }

  const access = () => guards({ audience: 'caller', permission: 'messages.send', limits: [MESSAGE_LIMIT] });
  const common = { tags, params: MessageParamsSchema, headers: SendHeadersSchema };

  app.post(
    '/messages/:id/reaction',
    {
      onRequest: access(),
      preValidation: [refuseWrongKey],
      schema: {
        ...common,
        operationId: 'messages.react',
        summary: 'React to a message',
        description: `One emoji; a second one takes the place of the first, and an empty one takes it back. ${HOW}`,
        querystring: ChangeQuerySchema,
        body: ReactRequestSchema,
        response: { ...answers, ...errorResponses(...ERRORS) },
      },
    },
    async (request, reply) => {
      const { emoji, clientMessageId } = request.body;
      return make(request, reply, { type: 'change', change: 'reaction', data: { emoji } }, clientMessageId);
    },
  );

  app.delete(
    '/messages/:id/reaction',
    {
      onRequest: access(),
      preValidation: [refuseWrongKey],
      schema: {
        ...common,
        operationId: 'messages.unreact',
        summary: 'Take the reaction to a message back',
        description: HOW,
        querystring: BareChangeQuerySchema,
        response: { ...answers, ...errorResponses(...ERRORS) },
      },
    },
    async (request, reply) => make(request, reply, { type: 'change', change: 'reaction', data: { emoji: '' } }),
  );

  app.post(
    '/messages/:id/votes',
    {
      onRequest: access(),
      preValidation: [refuseWrongKey],
      schema: {
        ...common,
        operationId: 'messages.vote',
        summary: 'Vote in a poll',
        description: `All options that are chosen now: they take the place of an earlier vote of the account, also of one by its phone, and none withdraws it. ${HOW}`,
        querystring: ChangeQuerySchema,
        body: VoteRequestSchema,
        response: { ...answers, ...errorResponses(...ERRORS) },
      },
    },
    async (request, reply) => {
      const { options: chosen, clientMessageId } = request.body;
      return make(request, reply, { type: 'change', change: 'vote', data: { options: chosen } }, clientMessageId);
    },
  );

  app.post(
    '/messages/:id/answer',
    {
      onRequest: access(),
      preValidation: [refuseWrongKey],
      schema: {
        ...common,
        operationId: 'messages.answer',
        summary: 'Answer an event',
        description: `It takes the place of an earlier answer of the account. ${HOW}`,
        querystring: ChangeQuerySchema,
        body: AnswerRequestSchema,
        response: { ...answers, ...errorResponses(...ERRORS) },
      },
    },
    async (request, reply) => {
      const { clientMessageId, ...data } = request.body;
      return make(request, reply, { type: 'change', change: 'answer', data }, clientMessageId);
    },
  );

  app.patch(
    '/messages/:id',
    {
      onRequest: access(),
      preValidation: [refuseWrongKey],
      schema: {
        ...common,
        operationId: 'messages.edit',
        summary: 'Edit a message',
        description: `A text, or the caption of an image, a video or a document of the account, within 15 minutes after its sending. ${HOW}`,
        querystring: ChangeQuerySchema,
        body: EditMessageRequestSchema,
        response: { ...answers, ...errorResponses(...ERRORS, 'CHANGE_TOO_LATE', 'INVALID_RECIPIENT') },
      },
    },
    async (request, reply) => {
      const { text, mentions, clientMessageId } = request.body;
      const named = mentions && { mentions: [...new Set(mentions.map(parseMentioned))] };
      return make(
        request,
        reply,
        { type: 'change', change: 'edit', data: { type: 'text', text, ...named } },
        clientMessageId,
      );
    },
  );

  app.delete(
    '/messages/:id',
    {
      onRequest: access(),
      preValidation: [refuseWrongKey],
      schema: {
        ...common,
        operationId: 'messages.delete',
        summary: 'Delete a message',
        description: [
          'For everyone: one of the account, or as an administrator of the group one of somebody else, within 60 hours after its sending.',
          `What it said stays in its history here. ${HOW}`,
          'For the account alone (`?for=me`): as POST /api/sessions/{id}/messages/delete-for-me; it needs a connection now, and waits for its answer.',
        ].join(' '),
        querystring: DeleteMessageQuerySchema,
        response: {
          200: success(DeletedMessageSchema),
          202: answers[202],
          ...errorResponses(...ERRORS, ...ofOwner, 'CHANGE_TOO_LATE'),
        },
      },
    },
    async (request, reply) => {
      if (request.query.for !== 'me') return make(request, reply, { type: 'change', change: 'revoke', data: {} });
      const message = await messages.record(principalOf(request), request.params.id);
      return reply.code(200).send(ok(await messageActions.deleteForMe(message, request)));
    },
  );

  app.post(
    '/messages/:id/pin',
    {
      onRequest: access(),
      preValidation: [refuseWrongKey],
      schema: {
        ...common,
        operationId: 'messages.pin',
        summary: 'Pin a message in its chat',
        description: `For 24 hours, 7 or 30 days. ${HOW}`,
        querystring: ChangeQuerySchema,
        body: PinRequestSchema,
        response: { ...answers, ...errorResponses(...ERRORS) },
      },
    },
    async (request, reply) => {
      const { duration = '7d', clientMessageId } = request.body ?? {};
      const data = { isPinned: true, seconds: PIN_DURATIONS[duration] };
      return make(request, reply, { type: 'change', change: 'pin', data }, clientMessageId);
    },
  );

  const BARE = [
    ['delete', 'pin', 'unpin', 'Unpin a message', { change: 'pin', data: { isPinned: false } }],
    ['post', 'keep', 'keep', 'Keep a message that would disappear', { change: 'keep', data: { isKept: true } }],
    ['delete', 'keep', 'unkeep', 'Let a kept message disappear', { change: 'keep', data: { isKept: false } }],
  ] as const;
  for (const [method, path, name, summary, change] of BARE) {
    app[method](
      `/messages/:id/${path}`,
      {
        onRequest: access(),
        preValidation: [refuseWrongKey],
        schema: {
          ...common,
          operationId: `messages.${name}`,
          summary,
          description: HOW,
          querystring: BareChangeQuerySchema,
          response: { ...answers, ...errorResponses(...ERRORS) },
        },
      },
      async (request, reply) => make(request, reply, { type: 'change', ...change }),
    );
  }
};
