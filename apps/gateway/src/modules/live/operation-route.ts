import {
  type InputOf,
  nullable,
  type OperationName,
  operationOf,
  parametersOf,
  requestBody,
  SessionParamsSchema,
  success,
} from '@wa-gate/contracts';
import type { FastifyInstance, FastifyRequest, FastifySchema, onRequestAsyncHookHandler } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { parseRecipient } from '../../http/recipient.ts';
import type { SessionRef } from '../../principal.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { type AuditLog, actorOf } from '../audit/index.ts';
import { callOperation } from './operation-call.ts';
import type { Presenter, PresenterServices } from './presenter.ts';
import { PRESENTERS } from './presenters.ts';

export interface OperationServices extends PresenterServices {
  owner: OwnerLink;
  audit: Pick<AuditLog, 'record'>;
}

export interface OperationRoute {
  name: OperationName;
  url: string;
  onRequest: onRequestAsyncHookHandler;
  /** Besides what {@link describeOperation} says. */
  schema: FastifySchema;
  /** The session that a request is for, when its caller may reach it. */
  sessionOf: (request: FastifyRequest) => Promise<SessionRef>;
}

/** Present in the table by the type of the registry: absent only where the answer is the data. */
const presenterOf = (name: OperationName) =>
  (PRESENTERS as unknown as Partial<Record<OperationName, Presenter<OperationName>>>)[name];

/** The parts of the description that the operation itself determines. */
export function describeOperation(name: OperationName) {
  const { method, path, input, params, body, query, answer, data, examples } = operationOf(name);
  const inPath = parametersOf(path);
  const sent = Object.fromEntries(Object.entries(input).filter(([field]) => !inPath.includes(field)));
  const ownParams = params ?? Object.fromEntries(inPath.map((field) => [field, input[field]!]));
  const hasInput = Object.keys(sent).length > 0;
  const example = Object.fromEntries(Object.entries(examples[0]).filter(([field]) => !inPath.includes(field)));
  // With parameters of its own, the input is made of them.
  const isSent = hasInput && params === undefined;
  const ownBody = body ?? (isSent && method !== 'GET' ? bodyOf(method, sent, example) : undefined);
  const ownQuery = query ?? (isSent && method === 'GET' ? Type.Object(sent) : undefined);
  return {
    params: Type.Object({ ...SessionParamsSchema.properties, ...ownParams }),
    ...(ownBody && { body: ownBody }),
    ...(ownQuery && { querystring: ownQuery }),
    response: presenterOf(name)?.response ?? success(data ?? answer),
  };
}

/** A call that needs nothing is complete without a body. A change (PATCH) of nothing is not. */
function bodyOf(method: string, sent: Record<string, TSchema>, example: Record<string, unknown>): TSchema {
  const schema = requestBody(sent, example);
  return method === 'POST' && !schema.required?.length ? nullable(schema) : schema;
}

/** Adds the route of an operation: the session, the audit log, the input, the owner, the envelope. */
export function addOperation(
  app: FastifyInstance,
  { owner, audit, ...services }: OperationServices,
  { name, url, onRequest, schema, sessionOf }: OperationRoute,
): void {
  const { method, audit: action } = operationOf(name);
  const presenter = presenterOf(name);
  app.route({
    method,
    url,
    onRequest,
    schema,
    config: { isLive: true, ...(action && { audit: action }) },
    async handler(request, reply) {
      const session = await sessionOf(request);
      if (action && !presenter?.writesAudit) {
        // What happens at the owner cannot be in a transaction of ours.
        const entry = { action, resourceType: 'session', resourceId: session.id, workspaceId: session.workspaceId };
        await audit.record(actorOf(request), entry);
      }
      const ask = (input: InputOf<OperationName>) => callOperation(owner, name, session.id, input, request);
      if (!presenter) return ok(await ask(readInput(name, request)));
      const data = await presenter.present({
        request,
        reply,
        session,
        ...services,
        ask,
      });
      return data === reply ? reply : ok(data);
    },
  });
}

/** The input as the worker gets it: recipients by their jids. @throws {ApiError} VALIDATION, INVALID_RECIPIENT */
function readInput(name: OperationName, request: FastifyRequest): InputOf<OperationName> {
  const { method, path, input: fields, objection } = operationOf(name);
  const inPath = parametersOf(path);
  const sent = (method === 'GET' ? request.query : request.body) as Record<string, unknown> | null;
  const input: Record<string, unknown> = {};
  for (const [field, schema] of Object.entries(fields)) {
    const value = (inPath.includes(field) ? (request.params as Record<string, unknown>) : sent)?.[field];
    if (value === undefined) continue;
    const isRecipient = (schema as { 'x-recipient'?: boolean })['x-recipient'] === true;
    input[field] = isRecipient && typeof value === 'string' ? parseRecipient(value) : value;
  }
  const why = objection?.(input);
  if (why !== undefined) throw new ApiError('VALIDATION', { message: why });
  return input as InputOf<OperationName>;
}
