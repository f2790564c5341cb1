import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DEFAULT_KIND,
  ForwardRequestSchema,
  LIMITS,
  MESSAGE_LIMIT,
  MessageParamsSchema,
  SEND_FROM_DEFAULT_REQUESTS,
  SEND_REQUESTS,
  SendFromDefaultHeadersSchema,
  SendFromDefaultQuerySchema,
  SendFromDefaultRequestSchema,
  SendHeadersSchema,
  SendQuerySchema,
  type SendRequest,
  SendRequestSchema,
  SendResultSchema,
  SessionParamsSchema,
  success,
  type WaitFor,
} from '@wa-gate/contracts';
import type { WorkFolder } from '@wa-gate/media';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import type { Guards } from '../../plugins/route-access.ts';
import type { SessionRef } from '../../principal.ts';
import { principalOf } from '../../principal.ts';
import { acceptFileBodies, INTAKE_ERRORS, requestFiles, typedFields } from '../media/index.ts';
import { DEFAULT_SESSION_ERRORS, reachOf, type SessionDirectory, sessionOfRequest } from '../sessions/index.ts';
import { forwardOf } from './forwarding.ts';
import { refuseWrongKey } from './idempotency-header.ts';
import type { MessagesService } from './messages.service.ts';
import { isKind, refuseUnsupportedType } from './send-request.ts';
import { sendValidator } from './send-validator.ts';
import type { Forwarding, Sending } from './sending.ts';

export interface SendRoutesOptions {
  sending: Sending;
  messages: Pick<MessagesService, 'record'>;
  directory: SessionDirectory;
  limiter: Limiter;
  guards: Guards;
  workFolder: WorkFolder;
  /** Bytes of the largest file that the caller may send. */
  maxFileBytes: (request: FastifyRequest) => number;
}

const tags = ['Messages'];

async function refuseOtherTypes(request: FastifyRequest): Promise<void> {
  refuseUnsupportedType(request.body);
}

const ERRORS = [
  'SESSION_NOT_FOUND',
  'SESSION_NOT_CONNECTED',
  'SESSION_LOGGED_OUT',
  'INVALID_RECIPIENT',
  'MESSAGE_NOT_FOUND',
  'MESSAGE_TYPE_UNSUPPORTED',
  'IDEMPOTENCY_MISMATCH',
  'IDEMPOTENCY_GONE',
  'WA_MESSAGE_ID_TAKEN',
  'WA_REACHOUT_TIMELOCK',
  'TIER_MESSAGE_LIMIT',
  'ENGINE_UNSUPPORTED',
  ...INTAKE_ERRORS,
  'MEDIA_NOT_FOUND',
  'MEDIA_NOT_READY',
  'MEDIA_EXPIRED',
  'MEDIA_TOOL_MISSING',
] as const;
const answers = { 200: success(SendResultSchema), 202: success(SendResultSchema) };

/** What both routes have in common. */
interface SendCall {
  body: SendRequest;
  query: { wait?: WaitFor | undefined; timeoutMs?: number | undefined };
  headers: { 'idempotency-key'?: string | undefined };
}

/** Sending: by the session in the path, and by the caller's default session. */
export const sendRoutes: FastifyPluginAsyncTypebox<SendRoutesOptions> = async (app, options) => {
  const { sending, messages, directory, limiter, guards } = options;

  await acceptFileBodies(app, {
    ...options,
    fromForm: (fields, file) => {
      const type = fields.get('type');
      const schema = SEND_FROM_DEFAULT_REQUESTS[isKind(type) ? type : DEFAULT_KIND];
      return { ...typedFields(fields, schema as never), ...(file && { media: { base64: file } }) };
    },
  });

  async function send(
    call: Omit<SendCall, 'body'> & FastifyRequest,
    reply: FastifyReply,
    session: SessionRef,
    defaultWait: WaitFor,
    body = call.body as SendRequest,
    forwarding?: Forwarding,
  ) {
    // Who sends with low priority waits for no word, unless the call says so.
    const { wait = body.priority === 'low' ? 'queued' : defaultWait, timeoutMs = LIMITS.waitDefaultMs } = call.query;
    const principal = principalOf(call);
    const waiting = { wait, timeoutMs };
    const idempotencyKey = call.headers['idempotency-key'];
    const apiKeyId = principal.kind === 'key' ? principal.keyId : undefined;
    // An administrator may send by a session of another workspace: files are looked for in that one.
    const reach = { ...reachOf(principal), workspaceId: session.workspaceId };
    const files = { reach, files: requestFiles(call) };
    const sent = await sending.send(session, body, { ...waiting, idempotencyKey, apiKeyId, files }, forwarding);
    const { result, isSettled, isReplay } = sent;
    if (isReplay) {
      reply.header('idempotent-replayed', 'true');
      await limiter.giveBack(call, reply, [MESSAGE_LIMIT]);
    }
    return reply.code(isSettled ? 200 : 202).send(ok(result));
  }

  app.post(
    '/sessions/:id/send',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send', limits: [MESSAGE_LIMIT] }),
      preValidation: [refuseOtherTypes, refuseWrongKey],
      validatorCompiler: sendValidator(SEND_REQUESTS),
      schema: {
        tags,
        operationId: 'messages.send',
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
        response: { ...answers, ...errorResponses(...ERRORS) },
      },
    },
    async (request, reply) =>
      send(request, reply, await directory.resolve(principalOf(request), request.params.id), 'sent'),
  );

  app.post(
    '/messages/:id/forward',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send', limits: [MESSAGE_LIMIT] }),
      preValidation: refuseWrongKey,
      schema: {
        tags,
        operationId: 'messages.forward',
        summary: 'Forward a message',
        description: [
          'Sends what a message of this session says now into another chat, from the same session: one that came, or one of the account. Phones show how often it',
          'was forwarded; the account’s own words are not marked, as on a phone. Quotes and mentions stay behind, and messages to be seen once are refused.',
        ].join(' '),
        params: MessageParamsSchema,
        headers: SendHeadersSchema,
        querystring: SendQuerySchema,
        body: ForwardRequestSchema,
        response: {
          ...answers,
          ...errorResponses(
            ...ERRORS,
            'MESSAGE_DELETED',
            'MESSAGE_NOT_SENT',
            'CHANGE_NOT_POSSIBLE',
            'MESSAGE_NOT_FORWARDABLE',
          ),
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const message = await messages.record(principal, request.params.id);
      const { fields, forwarding } = forwardOf(message);
      const isOwn = message.workspaceId === principal.workspaceId;
      const session = await directory.resolve(principal, isOwn ? message.slug : message.sessionId);
      return send(request, reply, session, 'sent', { ...fields, ...request.body } as SendRequest, forwarding);
    },
  );

  app.post(
    '/messages/send',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send', limits: [MESSAGE_LIMIT, 'messages_send'] }),
      preValidation: [refuseOtherTypes, refuseWrongKey],
      validatorCompiler: sendValidator(SEND_FROM_DEFAULT_REQUESTS),
      schema: {
        tags,
        operationId: 'messages.sendFromDefault',
        summary: 'Send a message from the default session',
        description: [
          'As POST /api/sessions/{id}/send, for the session that the call names (`sessionId`, or the header X-Session-Id), else the session of the key, else the',
          'only session of the workspace, else its default. Answers 202 at once, unless `?wait=` says otherwise.',
        ].join(' '),
        headers: SendFromDefaultHeadersSchema,
        querystring: SendFromDefaultQuerySchema,
        body: SendFromDefaultRequestSchema,
        response: { ...answers, ...errorResponses(...ERRORS, ...DEFAULT_SESSION_ERRORS) },
      },
    },
    async (request, reply) => send(request, reply, await sessionOfRequest(directory, request), 'queued'),
  );

  app.post(
    '/messages/schedule',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send', limits: [MESSAGE_LIMIT, 'messages_send'] }),
      preValidation: [refuseOtherTypes, refuseWrongKey],
      validatorCompiler: sendValidator(SEND_FROM_DEFAULT_REQUESTS),
      schema: {
        tags,
        operationId: 'messages.schedule',
        summary: 'Send a message at a time of its own',
        description: [
          'As POST /api/messages/send with `scheduledAt`, which is required here. Answers 202 with `state: "scheduled"`. The clock of the database decides; a message whose',
          'session is away at that time goes out later, unless `expiresAt` comes first. GET /api/messages/scheduled lists what waits.',
        ].join(' '),
        headers: SendFromDefaultHeadersSchema,
        querystring: SendFromDefaultQuerySchema,
        body: SendFromDefaultRequestSchema,
        response: { ...answers, ...errorResponses(...ERRORS, ...DEFAULT_SESSION_ERRORS) },
      },
    },
    async (request, reply) => {
      const session = await sessionOfRequest(directory, request);
      if (request.body.scheduledAt === undefined)
        throw new ApiError('VALIDATION', { message: 'The request is not valid: body needs `scheduledAt`.' });
      return send(request, reply, session, 'queued');
    },
  );
};
