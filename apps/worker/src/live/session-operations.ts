import {
  type AnswerOf,
  describeSessionState,
  type InputOf,
  isOperationName,
  isSessionOperation,
  operationOf,
  type SessionOperationName,
  type SessionStateName,
} from '@wa-gate/contracts';
import { type EgressProxy, ProxyFormatError, parseProxy } from '@wa-gate/egress';
import type { Question } from '@wa-gate/messaging';
import { SessionRefusal } from '../session/errors.ts';
import type { SessionActor } from '../session/session-actor.ts';
import { publicView } from '../session/transition.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

/** The arguments of an operation on a session. */
export interface OperationHost {
  actor: SessionActor;
  workerId: string;
  supervisor: Pick<Supervisor, 'remove'>;
}

/** @throws {SessionRefusal} */
function readProxy(url: string, credentials: { username?: string; password?: string }): EgressProxy {
  try {
    return parseProxy(url, credentials);
  } catch (error) {
    if (!(error instanceof ProxyFormatError)) throw error;
    throw new SessionRefusal('PROXY_INVALID', error.message);
  }
}

/** Milliseconds that a call waits for the first QR code. */
const QR_WAIT_MS = 5_000;

/** Operations on sessions that need no connection to WhatsApp. Sessions have their internal id here. */
export const SESSION_PERFORMERS: {
  [N in SessionOperationName]: (host: OperationHost, input: InputOf<N>) => Promise<AnswerOf<N>>;
} = {
  async 'sessions.status'({ actor, workerId }) {
    const { account, state } = actor;
    const phoneNumber = state.name === 'connected' ? state.identity.phoneNumber : null;
    return { ...statusOf(actor), phoneNumber, workerId, ...(account && { account }) };
  },
  async 'sessions.health'({ actor, workerId }) {
    return { ...statusOf(actor), ...actor.health, workerId, epoch: actor.owner.epoch };
  },
  async 'sessions.qr'({ actor }) {
    const { qr, attempt, expiresAt } = await actor.qr(QR_WAIT_MS);
    return { qr, attempt, expiresAt: expiresAt.toISOString() };
  },
  async 'sessions.pairingCode'({ actor }, { phoneNumber }) {
    const { code, expiresAt } = await actor.pairingCode(phoneNumber.replace('+', ''));
    return { code, expiresAt: expiresAt.toISOString() };
  },
  async 'sessions.restart'({ actor }) {
    await actor.restart();
    return statusOf(actor);
  },
  async 'sessions.testProxy'({ actor }, { url, ...credentials }) {
    const proxy = url === undefined ? undefined : readProxy(url, credentials);
    const trial = await actor.tryProxy(proxy);
    if (!trial) return { ok: false, url: null, latencyMs: null, error: 'The session uses no proxy.' };
    const { address } = trial;
    if (trial.ok) return { ok: true, url: address, latencyMs: trial.latencyMs, error: null };
    return { ok: false, url: address, latencyMs: null, error: `The proxy cannot be used: ${trial.words}.` };
  },
  async 'sessions.logout'({ actor }) {
    return { sessionId: actor.owner.sessionId, unlinked: await actor.logout() };
  },
  async 'sessions.delete'({ actor, supervisor }) {
    const unlinked = await actor.logout();
    await supervisor.remove(actor);
    return { sessionId: actor.owner.sessionId, unlinked };
  },
};

/**
 * Answers a question of a gateway from memory. `undefined`: the session is not hosted here under that epoch, or the
 * operation is not one of these.
 */
export async function answerFromMemory(
  { workerId, supervisor }: { workerId: string; supervisor: Pick<Supervisor, 'remove' | 'require'> },
  { operation, sessionId, epoch }: Pick<Question, 'operation' | 'sessionId' | 'epoch'>,
): Promise<unknown> {
  if (!isOperationName(operation) || !isSessionOperation(operation)) return undefined;
  if (!operationOf(operation).isAnsweredFromMemory) return undefined;
  const actor = await supervisor.require({ sessionId, epoch });
  return actor && SESSION_PERFORMERS[operation]({ actor, workerId, supervisor }, {} as never);
}

/** The public state of a session. */
export function statusOf(actor: SessionActor) {
  const view = publicView(actor.state) ?? { state: 'INITIALIZING' as SessionStateName, reason: null, code: null };
  return {
    sessionId: actor.owner.sessionId,
    ...describeSessionState(view.state),
    reason: view.reason,
    code: view.code,
  };
}
