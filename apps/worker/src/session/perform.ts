import {
  type ConnectionOperationName,
  type ErrorCode,
  type InputOf,
  operationOf,
  type Repeat,
} from '@wa-gate/contracts';
import type { Connection } from '../whatsapp/connection.ts';
import {
  hasConnectionClosed,
  OperationRefusedError,
  RefusedByWhatsAppError,
  whatsAppCodeOf,
} from '../whatsapp/errors.ts';
import { NotReadyError, performOn } from '../whatsapp/operations/index.ts';
import type { OperationSocket } from '../whatsapp/operations/operation-socket.ts';
import { assertAlive, SessionRefusal } from './errors.ts';
import type { QueryBudget } from './query-budget.ts';
import type { ActorState } from './transition.ts';

export interface PerformDependencies {
  state: ActorState;
  /** Whether the loaded keys are those of a linked device. `undefined`: none are loaded yet. */
  isPaired: boolean | undefined;
  connection: Connection | undefined;
  budget: QueryBudget;
  /** Names the call of the gateway, the same when it is made again. `undefined`: it is never made again. */
  callId?: string | undefined;
}

/** Milliseconds. Less than the timeout of the gateway. */
const TIMEOUT_MS = 25_000;
/** The share of the timeout of the gateway, for an operation with its own. */
const SHARE = 0.8;

/**
 * Runs an operation on the connection of a session. It checks that there is a connection and that the query budget
 * suffices, sets the timeout, and maps the errors of WhatsApp.
 *
 * @throws {SessionRefusal}
 */
export async function perform<N extends ConnectionOperationName>(
  name: N,
  input: InputOf<N>,
  { state, isPaired, connection, budget, callId }: PerformDependencies,
): Promise<unknown> {
  const { cost, repeat, timeoutMs } = operationOf(name);
  const open = connected(state, isPaired, connection);
  const seconds = budget.take(cost);
  if (seconds > 0) {
    throw new SessionRefusal('WA_PACING', `The session asks WhatsApp too often. Try again in ${seconds} s.`, {
      retryAfter: seconds,
    });
  }
  try {
    const limit = timeoutMs === undefined ? TIMEOUT_MS : timeoutMs * SHARE;
    return await inTime(
      open.operate((wa) => performOn(name, callId === undefined ? wa : toldOnce(wa, callId), input)),
      limit,
    );
  } catch (error) {
    throw refusalOf(error, repeat);
  }
}

/**
 * A call that was done and whose answer was lost with its worker is made again at the next owner of the session. What
 * it has told of a person is told once.
 */
const toldOnce = (wa: OperationSocket, callId: string): OperationSocket => ({
  ...wa,
  tellPerson: (event) => wa.tellPerson({ ...event, notice: `call ${callId} ${event.jid}` }),
});

function connected(state: ActorState, isPaired: boolean | undefined, connection: Connection | undefined): Connection {
  assertAlive(state);
  if (state.name === 'connected' && connection) return connection;
  if (state.name === 'parked' && state.verdict.state === 'LOGGED_OUT') {
    throw new SessionRefusal('SESSION_LOGGED_OUT', state.verdict.reason);
  }
  if (isPaired !== false && state.name !== 'parked') {
    throw new SessionRefusal('SESSION_MOVING', 'The connection to WhatsApp is being opened. Try again in a second.');
  }
  throw new SessionRefusal(
    'SESSION_NOT_CONNECTED',
    state.name === 'parked' ? state.verdict.reason : 'The session is not linked to a phone.',
  );
}

class LateError extends Error {}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Error codes in the answers of WhatsApp to queries. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'WA_FORBIDDEN',
  403: 'WA_FORBIDDEN',
  404: 'WA_NOT_FOUND',
  429: 'WA_PACING',
};
const TIMED_OUT = 408;
/** From here on, codes are faults of WhatsApp's own servers. */
const FAULT = 500;
/** Seconds to wait after such a fault. */
const FAULT_SECONDS = 60;
/** Seconds to wait after WhatsApp has answered 429. */
const PACING_SECONDS = 60;

/** The refusal for an error of an operation; the error itself when it is a fault of ours. */
export function refusalOf(error: unknown, repeat: Repeat): unknown {
  if (error instanceof NotReadyError) return new SessionRefusal('WA_NOT_READY', error.message);
  if (error instanceof OperationRefusedError) return new SessionRefusal(error.code, error.message);
  const code = whatsAppCodeOf(error);
  const isLate = error instanceof LateError || code === TIMED_OUT;
  if (isLate || hasConnectionClosed(error)) {
    if (repeat === 'only-if-refused') {
      return new SessionRefusal(
        'OUTCOME_UNKNOWN',
        'WhatsApp was asked and has not answered, so this may have happened or not. Look whether it has before you send it again.',
      );
    }
    return isLate
      ? new SessionRefusal('WA_TIMEOUT', 'WhatsApp has not answered in time. Try again.')
      : new SessionRefusal('SESSION_MOVING', 'The connection to WhatsApp has just ended. Try again in a second.');
  }
  if (code === undefined) return error;
  if (code >= FAULT) return refusalOfFault(code, repeat);
  const known = CODES[code] ?? 'WA_REFUSED';
  const own = error instanceof RefusedByWhatsAppError && known !== 'WA_PACING' ? error : undefined;
  return new SessionRefusal(known, own?.message ?? SENTENCES[code] ?? REFUSED, {
    details: { wa: String(code), ...own?.details },
    ...(known === 'WA_PACING' && { retryAfter: PACING_SECONDS }),
  });
}

/** A server that fails while it handles a change says nothing about whether the change was made. */
function refusalOfFault(code: number, repeat: Repeat): SessionRefusal {
  const details = { wa: String(code) };
  return repeat === 'only-if-refused'
    ? new SessionRefusal(
        'OUTCOME_UNKNOWN',
        'WhatsApp has answered with a fault of its own, so this may have happened or not. Look whether it has before you send it again.',
        { details },
      )
    : new SessionRefusal(
        'WA_UNAVAILABLE',
        'WhatsApp has a fault of its own. Try again in a minute; `details.wa` is its own code.',
        { details, retryAfter: FAULT_SECONDS },
      );
}

const NOT_ALLOWED = 'WhatsApp does not allow this to the account. Repeating it does not change that.';
const REFUSED = 'WhatsApp has refused this. Check the values; `details.wa` is its own code.';
const SENTENCES: Readonly<Record<number, string>> = {
  401: NOT_ALLOWED,
  403: NOT_ALLOWED,
  404: 'WhatsApp knows nothing of this name. Check it; what it names may have been deleted.',
  409: 'WhatsApp has refused this: it has just been changed elsewhere, or is so already. Read it and try again.',
  429: 'WhatsApp says that it is asked too often. Wait before you try again.',
};
