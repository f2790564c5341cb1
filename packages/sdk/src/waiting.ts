import { WaGateError } from './errors.ts';
import type { Api } from './generated/operations.ts';
import type { Schemas } from './operation.ts';
import { sleep } from './retry.ts';

export interface WaitOptions {
  /** How long to wait, in milliseconds. @default 60000 */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export type SessionStatus = Schemas['SessionStatus'];
export type SessionStatusName = SessionStatus['status'];
export type Message = Schemas['Message'];

/** The order in which a message that was sent goes on. */
const PROGRESS = ['queued', 'sending', 'sent', 'delivered', 'read', 'played'] as const;
/** What can be waited for: a message is `delivered` too when it was `read`. */
export type MessageProgress = (typeof PROGRESS)[number];

/** One look takes at most this long: then the present state is asked for again. */
const LOOK_SECONDS = 20;

/** Waits until a session has a status. Resolves at once when it has it already. */
export function waitForSession(
  api: Api,
  sessionId: string,
  wanted: SessionStatusName | readonly SessionStatusName[],
  options: WaitOptions = {},
): Promise<SessionStatus> {
  const names = new Set([wanted].flat());
  return waitUntil(
    api,
    { sessionId, events: ['session.status', 'connection.open', 'connection.close', 'session.loggedout'] },
    async (signal) => {
      const status = await api.sessions.status({ id: sessionId }, { signal });
      return names.has(status.status) ? { found: status } : { seen: `it is ${status.state}` };
    },
    `session ${sessionId} to be ${[...names].join(' or ')}`,
    options,
  );
}

/** Waits until a message that was sent has come as far as this. Throws `MESSAGE_FAILED` when it never will. */
export function waitForMessage(
  api: Api,
  messageId: string,
  wanted: MessageProgress,
  options: WaitOptions = {},
): Promise<Message> {
  const goal = PROGRESS.indexOf(wanted);
  return waitUntil(
    api,
    {
      sessionId: async (signal) => (await api.messages.get({ id: messageId }, { signal })).sessionId,
      events: ['message.sent', 'message.delivered', 'message.read', 'message.played', 'message.failed'],
    },
    async (signal) => {
      const message = await api.messages.get({ id: messageId }, { signal });
      if (message.status === 'failed') {
        throw new WaGateError(`Message ${messageId} has failed.`, { code: 'MESSAGE_FAILED', details: { message } });
      }
      const isThere = PROGRESS.indexOf(message.state as MessageProgress) >= goal;
      return isThere ? { found: message } : { seen: `it is ${message.state}` };
    },
    `message ${messageId} to be ${wanted}`,
    options,
  );
}

interface Watched {
  sessionId: string | ((signal: AbortSignal) => Promise<string>);
  events: readonly string[];
}

/**
 * Looks, waits for an event that may have changed what it saw, and looks again. The position in the log is taken
 * before the first look, so no change falls between.
 */
async function waitUntil<T>(
  api: Api,
  { sessionId, events }: Watched,
  look: (signal: AbortSignal) => Promise<{ found: T } | { seen: string }>,
  what: string,
  { timeoutMs = 60_000, signal }: WaitOptions,
): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs);
  const ends = signal ? AbortSignal.any([signal, limit]) : limit;
  let last = '';
  try {
    const id = typeof sessionId === 'string' ? sessionId : await sessionId(ends);
    const query = { id, events: events.join(',') };
    let { cursor } = await api.events.listOfSession({ ...query, after: 'now' }, { signal: ends });
    for (;;) {
      const result = await look(ends);
      if ('found' in result) return result.found;
      last = `; ${result.seen}`;
      const begin = Date.now();
      const page = await api.events.listOfSession({ ...query, after: cursor, wait: LOOK_SECONDS }, { signal: ends });
      cursor = page.cursor;
      // A gateway that is restarting answers a wait at once.
      if (page.events.length === 0 && Date.now() - begin < 1_000) await sleep(500, ends);
    }
  } catch (error) {
    if (!limit.aborted || signal?.aborted) throw error;
    throw new WaGateError(`Waited ${timeoutMs} ms for ${what}${last}.`, { code: 'TIMEOUT', cause: error });
  }
}
