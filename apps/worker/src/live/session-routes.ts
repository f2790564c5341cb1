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
/** With the code to scan, if there is one at this moment. */
const Created = Type.Object({ ...Status.properties, qrCode: Type.Union([Type.String(), Type.Null()]) });

/**
 * Other names of operations. Status and delete are the worker's own endpoints, for whoever operates it. The rest is for
 * gateways of the version before, which call these during a rolling upgrade; it goes with the next version.
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

const INPUTS = new Map(OPERATION_NAMES.map((name) => [name, Compile(Type.Object(operationOf(name).input))]));

/**
 * Operations on living sessions, called by gateways only. Ids are the internal ones. Answers are bare: the public
 * envelope is the gateway's.
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
    if (!INPUTS.get(name)?.Check(input)) {
      throw new SessionRefusal('VALIDATION', `The input does not fit the operation ${name}.`);
    }
    const actor = actorOf(request);
    if (!isSessionOperation(name)) return actor.perform(name, input as never);
    return SESSION_PERFORMERS[name]({ actor, workerId, supervisor }, input as never);
  }

  app.post(
    '/session/:id/operations/:name',
    { ...owned, schema: { params: Type.Object({ id, name: Type.String() }) } },
    async (request, reply) => {
      const { name } = request.params;
      // A gateway of another version may know more.
      if (!isOperationName(name)) return reply.callNotFound();
      return perform(name, request);
    },
  );

  for (const [method, url, name] of ENDPOINTS) {
    app.route({ method, url, ...owned, schema: { params }, handler: (request) => perform(name, request) });
  }

  // "Create" means: converge on this placement now. Nothing is made that PostgreSQL does not know.
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

/** There is one: `requireOwnership` has answered the request otherwise. */
function actorOf(request: FastifyRequest): SessionActor {
  if (!request.actor) throw new SessionRefusal('SESSION_MOVING', 'The session is moving. Try again in a second.');
  return request.actor;
}

/**
 * What asking for a QR code does: refuses for a linked session, begins with one that rests. The code itself comes
 * over the stream.
 */
async function beginPairing(actor: SessionActor): Promise<void> {
  try {
    await actor.qr(0);
  } catch (error) {
    if (!(error instanceof SessionRefusal && error.code === 'QR_NOT_READY')) throw error;
  }
}
