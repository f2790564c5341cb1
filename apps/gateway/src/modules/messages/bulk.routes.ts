import { type FastifyPluginAsyncTypebox, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import {
  BulkAnswerSchema,
  BulkHeadersSchema,
  BulkRequestSchema,
  type BulkResult,
  ERRORS,
  LIMITS,
  MESSAGE_LIMIT,
  SEND_REQUESTS,
  type SendRequest,
  success,
} from '@wa-gate/contracts';
import type { FastifySchemaCompiler } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import { invalidRequest } from '../../plugins/validation-issues.ts';
import { principalOf } from '../../principal.ts';
import { requestFiles } from '../media/index.ts';
import { DEFAULT_SESSION_ERRORS, reachOf, sessionOfRequest } from '../sessions/index.ts';
import { refuseWrongKey } from './idempotency-header.ts';
import type { SendRoutesOptions } from './send.routes.ts';
import { refuseUnsupportedType } from './send-request.ts';
import { validatorOfKinds } from './send-validator.ts';
import type { BulkItem, BulkOutcome } from './sending.ts';

/** What a message is by itself, before anything is looked up. */
type Row = BulkItem | ApiError;

/** Many messages in one request, each with a result of its own. */
export const bulkRoutes: FastifyPluginAsyncTypebox<SendRoutesOptions> = async (app, options) => {
  const { sending, directory, limiter, guards } = options;
  const validate = validatorOfKinds(SEND_REQUESTS);

  function readRow(row: unknown, key: string | undefined): Row {
    try {
      refuseUnsupportedType(row);
    } catch (error) {
      return error as ApiError;
    }
    const checked = validate(row);
    if ('error' in checked) return checked.error;
    const request = row as SendRequest;
    if (request.priority === 'urgent')
      return new ApiError('VALIDATION', {
        message: '`urgent` is for single messages: it would keep nothing waiting but the others of this request.',
      });
    return { request, idempotencyKey: key };
  }

  app.post(
    '/messages/bulk',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send', limits: ['messages_send'] }),
      preValidation: refuseWrongKey,
      bodyLimit: LIMITS.bulkBodyBytes,
      // The messages are validated one by one: a wrong one spoils no other.
      schema: {
        tags: ['Messages'],
        operationId: 'messages.sendMany',
        summary: 'Send many messages',
        description: [
          `Up to ${LIMITS.bulkMessages} messages of one session in one request. Each is accepted or refused for itself, and none is waited for: they leave one after`,
          'the other, with the pauses of the session (GET /api/sessions/{id}/pacing), and single messages go before them.',
          'With an `Idempotency-Key` or a `clientMessageId` of each message the request can be repeated: what was accepted is not accepted twice.',
        ].join(' '),
        headers: BulkHeadersSchema,
        body: BulkRequestSchema,
        response: {
          202: success(BulkAnswerSchema),
          ...errorResponses('BODY_TOO_LARGE', 'TIER_MESSAGE_LIMIT', ...DEFAULT_SESSION_ERRORS),
        },
      },
      validatorCompiler: bulkValidator,
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const session = await sessionOfRequest(directory, request);
      const key = request.headers['idempotency-key'];
      const given = request.body.messages as unknown[];
      const rows = given.map((row, index) => readRow(row, key === undefined ? undefined : `${key}#${index}`));
      const valid = rows.filter((row) => !(row instanceof ApiError)).length;
      if (valid > 0) await limiter.take(request, reply, principal, [MESSAGE_LIMIT], { cost: valid });
      const reach = { ...reachOf(principal), workspaceId: session.workspaceId };
      const outcomes = await sending.sendMany(session, rows, {
        apiKeyId: principal.kind === 'key' ? principal.keyId : undefined,
        files: { reach, files: requestFiles(request) },
      });
      refuseIfAllFailed(outcomes);
      const results = outcomes.map((outcome, index) => presentResult(outcome, index, given[index]));
      const accepted = results.filter((result) => result.accepted && !result.replayed).length;
      const replayed = results.filter((result) => result.replayed).length;
      if (valid > accepted) await limiter.giveBack(request, reply, [MESSAGE_LIMIT], valid - accepted);
      return reply.code(202).send(ok({ accepted, replayed, refused: results.length - accepted - replayed, results }));
    },
  );
};

/** What is checked of the whole; the messages come later. */
const OuterSchema = Type.Object(
  {
    ...BulkRequestSchema.properties,
    messages: Type.Array(Type.Unknown(), { minItems: 1, maxItems: LIMITS.bulkMessages }),
  },
  { additionalProperties: false },
);

const bulkValidator: FastifySchemaCompiler<TSchema> = (route) => {
  if (route.httpPart !== 'body') return TypeBoxValidatorCompiler(route);
  const validator = Compile(OuterSchema);
  return (body: unknown) =>
    validator.Check(body) ? { value: body } : { error: invalidRequest(validator.Errors(body), 'body', OuterSchema) };
};

/** A fault of ours that all messages share is the answer to the request: it may be repeated as it is. */
function refuseIfAllFailed(outcomes: readonly (BulkOutcome | ApiError)[]): void {
  const [first] = outcomes;
  const isFault = (outcome: BulkOutcome | ApiError) =>
    outcome instanceof ApiError && ERRORS[outcome.code].status >= 500;
  if (first instanceof ApiError && outcomes.every(isFault)) throw first;
}

function presentResult(outcome: BulkOutcome | ApiError, index: number, row: unknown): BulkResult {
  const { clientMessageId } = (row ?? {}) as { clientMessageId?: unknown };
  const place = { index, ...(typeof clientMessageId === 'string' && { clientMessageId }) };
  if (!(outcome instanceof ApiError))
    return { ...place, accepted: true, ...outcome.result, ...(outcome.isReplay && { replayed: true }) };
  const { code, message, details, retryable } = outcome;
  return { ...place, accepted: false, refusal: { code, message, ...(details && { details }), retryable } };
}
