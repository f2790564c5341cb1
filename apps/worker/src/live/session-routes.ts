import type { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ConnectedAccountSchema,
  ConnectionHealthSchema,
  describeSessionState,
  type SessionStateName,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { SessionRefusal } from '../session/errors.ts';
import type { SessionActor } from '../session/session-actor.ts';
import { publicView } from '../session/transition.ts';
import { type OwnershipOptions, requireGateway, requireOwnership } from './ownership.ts';
import { pairingEvents } from './pairing-events.ts';

/** How long a call waits for the first QR code. */
const QR_WAIT_MS = 5_000;

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
/** While it is connected everything is known here, and the gateway needs no look into the database. */
const FullStatus = Type.Object({
  ...Status.properties,
  /** Digits; null while it is not connected. */
  phoneNumber: Type.Union([Type.String(), Type.Null()]),
  workerId: Type.String(),
  account: Type.Optional(ConnectedAccountSchema),
});
const Health = Type.Object({
  ...Status.properties,
  ...ConnectionHealthSchema.properties,
  workerId: Type.String(),
  epoch: Type.Integer(),
});
const Qr = Type.Object({ qr: Type.String(), attempt: Type.Integer(), expiresAt: Type.String() });
const PairingCode = Type.Object({ code: Type.String(), expiresAt: Type.String() });
const Unlinked = Type.Object({ sessionId: id, unlinked: Type.Boolean() });

/**
 * Operations on living sessions, called by gateways only. Ids are the internal ones. Answers are bare: the public envelope is the gateway's.
 */
export const sessionRoutes: FastifyPluginAsyncTypebox<OwnershipOptions> = async (app, options) => {
  const gateway = requireGateway(options);
  const owned = {
    onRequest: [gateway, requireOwnership(options, (request: FastifyRequest) => (request.params as { id: string }).id)],
  };

  app.decorateRequest('actor', null);

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

  app.get('/session/:id/status', { ...owned, schema: { params, response: { 200: FullStatus } } }, async (request) => {
    const actor = actorOf(request);
    const { account } = actor;
    const phoneNumber = actor.state.name === 'connected' ? actor.state.identity.phoneNumber : null;
    return { ...statusOf(actor), phoneNumber, workerId: options.workerId, ...(account && { account }) };
  });

  app.get('/session/:id/health', { ...owned, schema: { params, response: { 200: Health } } }, async (request) => {
    const actor = actorOf(request);
    return { ...statusOf(actor), ...actor.health, workerId: options.workerId, epoch: actor.owner.epoch };
  });

  app.get('/session/:id/qr', { ...owned, schema: { params, response: { 200: Qr } } }, async (request) => {
    const { qr, attempt, expiresAt } = await actorOf(request).qr(QR_WAIT_MS);
    return { qr, attempt, expiresAt: expiresAt.toISOString() };
  });

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

  app.post(
    '/session/:id/pairing-code',
    {
      ...owned,
      schema: {
        params,
        body: Type.Object({ phoneNumber: Type.String({ pattern: '^\\+?[0-9]{5,20}$' }) }),
        response: { 200: PairingCode },
      },
    },
    async (request) => {
      const { code, expiresAt } = await actorOf(request).pairingCode(request.body.phoneNumber.replace('+', ''));
      return { code, expiresAt: expiresAt.toISOString() };
    },
  );

  app.post('/session/:id/restart', { ...owned, schema: { params, response: { 200: Status } } }, async (request) => {
    const actor = actorOf(request);
    await actor.restart();
    return statusOf(actor);
  });

  app.post('/session/:id/logout', { ...owned, schema: { params, response: { 200: Unlinked } } }, async (request) => ({
    sessionId: request.params.id,
    unlinked: await actorOf(request).logout(),
  }));

  app.delete('/session/:id', { ...owned, schema: { params, response: { 200: Unlinked } } }, async (request) => {
    const actor = actorOf(request);
    const unlinked = await actor.logout();
    await options.supervisor.remove(actor);
    return { sessionId: request.params.id, unlinked };
  });
};

/** There is one: `requireOwnership` has answered the request otherwise. */
function actorOf(request: FastifyRequest): SessionActor {
  if (!request.actor) throw new SessionRefusal('SESSION_MOVING', 'The session is moving. Try again in a second.');
  return request.actor;
}

/** What asking for a QR code does: refuses for a linked session, begins with one that rests. The code itself comes over the stream. */
async function beginPairing(actor: SessionActor): Promise<void> {
  try {
    await actor.qr(0);
  } catch (error) {
    if (!(error instanceof SessionRefusal && error.code === 'QR_NOT_READY')) throw error;
  }
}

function statusOf(actor: SessionActor) {
  const view = publicView(actor.state) ?? { state: 'INITIALIZING' as SessionStateName, reason: null, code: null };
  return {
    sessionId: actor.owner.sessionId,
    ...describeSessionState(view.state),
    reason: view.reason,
    code: view.code,
  };
}
