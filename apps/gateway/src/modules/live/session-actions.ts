import { nullable, type QrQuerySchema, QrSchema, SessionSchema, success, timestamp } from '@wa-gate/contracts';
import { type Static, Type } from 'typebox';
import { checkOf } from '../../worker-links/call-worker.ts';
import type { SessionsService } from '../sessions/index.ts';
import type { LiveRequest } from './owner-routes.ts';
import { chooseFormat, renderQr } from './qr-image.ts';

const workerQr = checkOf(
  Type.Object({
    qr: Type.String(),
    expiresAt: Type.Optional(nullable(timestamp())),
    attempt: Type.Optional(nullable(Type.Integer())),
  }),
);
const actionDone = checkOf(Type.Union([Type.Null(), Type.Partial(Type.Pick(SessionSchema, ['status', 'state']))]));

const picture = (schema: object) => ({ schema: Type.Unsafe<never>(schema) });

/** The `response` entry of {@link showQr}. */
export const qrAnswer = {
  description: 'The QR code.',
  content: {
    'application/json': { schema: success(QrSchema) },
    'image/png': picture({ type: 'string', format: 'binary' }),
    'image/svg+xml': picture({ type: 'string' }),
  },
};

/** The QR code of a session that is being linked: as JSON, or as a picture by `?format=` or the Accept header. */
export async function showQr({ request, reply, ask }: LiveRequest): Promise<unknown> {
  const { qr, expiresAt, attempt } = await ask(workerQr);
  reply.header('cache-control', 'no-store');
  const query = request.query as Static<typeof QrQuerySchema>;
  const format = chooseFormat(query.format, request.headers.accept);
  if (format === 'json') return { qr, expiresAt: expiresAt ?? null, attempt: attempt ?? null };
  const { type, body } = await renderQr(qr, format);
  return reply.code(200).type(type).send(body);
}

/** Restarts or logs out, whichever the route leads to, and tells the state that this made. */
export async function actOnSession(sessions: SessionsService, { session, ask }: LiveRequest) {
  await sessions.get(session); // Without PostgreSQL nothing is begun that could not be finished.
  // The owner knows the state that its answer made; the row follows.
  const told = await ask(actionDone);
  const { sessionId, status, state } = await sessions.get(session);
  return { sessionId, status: told?.status ?? status, state: told?.state ?? state };
}
