import type { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  isOperationName,
  isSessionOperation,
  OPERATION_NAMES,
  type OperationName,
  operationOf,
  type SessionOperationName,
} from '@wa-gate/contracts';
import { lazily } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { SessionRefusal } from '../session/errors.ts';
import type { SessionActor } from '../session/session-actor.ts';
import { type OwnershipOptions, requireGateway, requireOwnership } from './ownership.ts';
import { pairingEvents } from './pairing-events.ts';
import { SESSION_PERFORMERS, statusOf } from './session-operations.ts';

const id = Type.String({ format: 'uuid' });
const params = Type.Object({ id });
const Status = Type.Object({
  sessionId: id,
  status: Type.String(),
  state: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  code: Type.Union([Type.String(), Type.Null()]),
});
/** With the QR code, if there is one now. */
const Created = Type.Object({ ...Status.properties, qrCode: Type.Union([Type.String(), Type.Null()]) });

/**
 * Fixed endpoints of operations. Status and delete are for operators of the worker. The others are for gateways of the
 * last version, which call them during a rolling upgrade; the next version removes them.
 */
const ENDPOINTS: readonly (readonly ['GET' | 'POST' | 'DELETE', path: string, SessionOperationName])[] = [
  ['GET', '/session/:id/status', 'sessions.status'],
  ['DELETE', '/session/:id', 'sessions.delete'],
  ['GET', '/session/:id/health', 'sessions.health'],
  ['GET', '/session/:id/qr', 'sessions.qr'],
  ['POST', '/session/:id/pairing-code', 'sessions.pairingCode'],
  ['POST', '/session/:id/restart', 'sessions.restart'],
  ['POST', '/session/:id/logout', 'sessions.logout'],
];

/** Bytes of the input of an operation: the picture of a profile or a group is the largest. */
const INPUT_LIMIT = 512 * 1024;

/** Characters of the name of a call. */
const MAX_CALL_ID = 64;

const INPUTS = new Map(
  OPERATION_NAMES.map((name) => [name, lazily(() => Compile(Type.Object(operationOf(name).input)))] as const),
);

/**
 * Operations on hosted sessions, for gateways only. Ids are internal. Answers have no envelope: the gateway adds it.
 */
export const sessionRoutes: FastifyPluginAsyncTypebox<OwnershipOptions> = async (app, options) => {
  const { workerId, supervisor } = options;
  const gateway = requireGateway(options);
  const owned = {
    onRequest: [gateway, requireOwnership(options, (request: FastifyRequest) => (request.params as { id: string }).id)],
  };

  app.decorateRequest('actor', null);

  async function perform(name: OperationName, request: FastifyRequest): Promise<unknown> {
    const input = request.body ?? {};
    if (!INPUTS.get(name)?.().Check(input)) {
      throw new SessionRefusal('VALIDATION', `The input does not fit the operation ${name}.`);
    }
    const actor = actorOf(request);
    if (!isSessionOperation(name)) return actor.perform(name, input as never, callIdOf(request));
    return SESSION_PERFORMERS[name]({ actor, workerId, supervisor }, input as never);
  }

  app.post(
    '/session/:id/operations/:name',
    { ...owned, bodyLimit: INPUT_LIMIT, schema: { params: Type.Object({ id, name: Type.String() }) } },
    async (request, reply) => {
      const { name } = request.params;
      // A gateway of a later version may send an unknown operation.
      if (!isOperationName(name)) return reply.callNotFound();
      return perform(name, request);
    },
  );

  for (const [method, url, name] of ENDPOINTS) {
    app.route({ method, url, ...owned, schema: { params }, handler: (request) => perform(name, request) });
  }

  // "Create" converges on the placement now. It creates nothing that PostgreSQL does not have.
  app.post(
    '/session/create',
    {
      onRequest: gateway,
      preHandler: requireOwnership(options, (request) => (request.body as { sessionId: string }).sessionId),
      schema: { body: Type.Object({ sessionId: id }), response: { 200: Created } },
    },
    async (request) => {
      const actor = actorOf(request);
      return { ...statusOf(actor), qrCode: actor.state.name === 'scanning' ? actor.state.qr : null };
    },
  );

  const streams = new Set<Readable>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.destroy();
  });

  app.get('/session/:id/qr/stream', { ...owned, schema: { params } }, async (request, reply) => {
    const actor = actorOf(request);
    await beginPairing(actor);
    const stream = pairingEvents(actor);
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream);
  });
};

/** Gateways of the version before name no calls. */
function callIdOf({ headers }: FastifyRequest): string | undefined {
  const given = headers['x-call-id'];
  return typeof given === 'string' && given.length <= MAX_CALL_ID ? given : undefined;
}

/** Never `null` here: `requireOwnership` has answered the other requests. */
function actorOf(request: FastifyRequest): SessionActor {
  if (!request.actor) throw new SessionRefusal('SESSION_MOVING', 'The session is moving. Try again in a second.');
  return request.actor;
}

/** Begins pairing: refuses for a linked session, starts a parked one. The code comes over the stream. */
async function beginPairing(actor: SessionActor): Promise<void> {
  try {
    await actor.qr(0);
  } catch (error) {
    if (!(error instanceof SessionRefusal && error.code === 'QR_NOT_READY')) throw error;
  }
}
