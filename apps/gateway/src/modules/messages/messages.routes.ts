import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  IDEMPOTENCY_KEY_PATTERN,
  LIMITS,
  ListMessagesQuerySchema,
  ListMessagesResultSchema,
  MessageParamsSchema,
  MessageSchema,
  SENDABLE_TYPES,
  SendHeadersSchema,
  SendQuerySchema,
  SendRequestSchema,
  SendResultSchema,
  SessionParamsSchema,
  success,
  TimelineSchema,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../api-error.ts';
import { ok } from '../../envelope.ts';
import { type Guards, principalOf } from '../../plugins/auth.ts';
import { errorResponses } from '../../plugins/error-responses.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import type { MessagesService } from './messages.service.ts';

export interface MessagesRoutesOptions {
  messages: MessagesService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Messages'];

/** Before the schema speaks: a type that exists but cannot be sent yet deserves its own sentence. */
async function refuseUnsupportedType(request: FastifyRequest): Promise<void> {
  const type = (request.body as { type?: unknown } | undefined)?.type;
  if (typeof type !== 'string' || (SENDABLE_TYPES as readonly string[]).includes(type)) return;
  throw new ApiError('MESSAGE_TYPE_UNSUPPORTED', {
    message: `Messages of type "${type.slice(0, 40)}" are not yet supported. Send type "text".`,
    details: { supported: SENDABLE_TYPES },
  });
}

const KEY = new RegExp(IDEMPOTENCY_KEY_PATTERN);

/** Before the schema speaks: it would answer with a pattern. */
async function refuseWrongKey(request: FastifyRequest): Promise<void> {
  const key = request.headers['idempotency-key'];
  if (key === undefined || (typeof key === 'string' && KEY.test(key))) return;
  throw new ApiError('VALIDATION', {
    message: 'The header Idempotency-Key is not valid: give one key of 1 to 255 characters out of A-Z a-z 0-9 . _ : -',
  });
}

export const messagesRoutes: FastifyPluginAsyncTypebox<MessagesRoutesOptions> = async (app, options) => {
  const { messages, directory, guards } = options;

  app.post(
    '/sessions/:id/send',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
      preValidation: [refuseUnsupportedType, refuseWrongKey],
      schema: {
        tags,
        summary: 'Send a message',
        description: [
          'Waits for the acknowledgement of WhatsApp’s server (`?wait=sent`, the default) and answers 200 with `status: "sent"`.',
          'When it does not come in time, 202 with the present status: the message is kept and goes out. When WhatsApp refuses',
          'the message, 200 with `status: "failed"` and the reason in `error`. Sends are accepted while the session reconnects.',
          'Give an `Idempotency-Key`, and you may repeat the request as often as you like: it makes one message.',
        ].join(' '),
        params: SessionParamsSchema,
        headers: SendHeadersSchema,
        querystring: SendQuerySchema,
        body: SendRequestSchema,
        response: {
          200: success(SendResultSchema),
          202: success(SendResultSchema),
          ...errorResponses(
            'UNAUTHENTICATED',
            'SESSION_NOT_FOUND',
            'SESSION_NOT_CONNECTED',
            'SESSION_LOGGED_OUT',
            'INVALID_RECIPIENT',
            'MESSAGE_TYPE_UNSUPPORTED',
            'IDEMPOTENCY_MISMATCH',
            'WA_REACHOUT_TIMELOCK',
          ),
        },
      },
    },
    async (request, reply) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      const { wait = 'sent', timeoutMs = LIMITS.waitDefaultMs } = request.query;
      const idempotencyKey = request.headers['idempotency-key'];
      const { result, isSettled, isReplay } = await messages.send(session, request.body, {
        wait,
        timeoutMs,
        idempotencyKey,
      });
      if (isReplay) reply.header('idempotent-replayed', 'true');
      return reply.code(isSettled ? 200 : 202).send(ok(result));
    },
  );

  app.get(
    '/sessions/:id/messages',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        summary: 'Messages of a session, newest first',
        params: SessionParamsSchema,
        querystring: ListMessagesQuerySchema,
        response: { 200: success(ListMessagesResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      const { limit = LIMITS.pageDefault, ...filter } = request.query;
      const page = await messages.list(session, { ...filter, limit });
      const pagination = { nextCursor: page.nextCursor, hasMore: page.nextCursor !== null };
      return ok({ messages: page.messages, pagination });
    },
  );

  app.get(
    '/messages/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        summary: 'One message',
        params: MessageParamsSchema,
        response: { 200: success(MessageSchema), ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND') },
      },
    },
    async (request) => ok(await messages.get(principalOf(request), request.params.id)),
  );

  app.get(
    '/messages/:id/timeline',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        summary: 'What has happened to a message, and what it waits for',
        params: MessageParamsSchema,
        response: { 200: success(TimelineSchema), ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND') },
      },
    },
    async (request) => ok(await messages.timeline(principalOf(request), request.params.id)),
  );
};
