import { isWaGateError, type WaGateError } from './errors.ts';
import type { Schemas } from './operation.ts';
import { pauseBefore, sleep } from './retry.ts';
import { bytesOf, readServerSentEvents, type ServerSentEvent } from './sse.ts';
import type { Transport } from './transport.ts';

type PayloadName = {
  [Name in keyof Schemas]: Schemas[Name] extends { event: string; seq: number; signature: string } ? Name : never;
}[keyof Schemas];
type WithoutSignature<T> = T extends unknown ? Omit<T, 'signature'> : never;

/** The body of a webhook. `event` tells the shape of `data`. */
export type WebhookPayload = Schemas[PayloadName];
/** An event of the log (the body of a webhook without its signature), or one that is told to streams alone. */
export type WaGateEvent = WithoutSignature<WebhookPayload> | Schemas['PresenceUpdateEvent'];
/** The names of all events: `message.received` … */
export type EventName = WaGateEvent['event'];

/** An event of a stream. */
export type StreamedEvent<Name extends EventName = EventName> = Extract<WaGateEvent, { event: Name }> & {
  /** Where the stream goes on after this event: `after` of the next one. */
  cursor: string | undefined;
};

export interface StreamOptions<Name extends EventName = EventName> {
  /** Only events of this session. @default all of the workspace, or that of a session key */
  sessionId?: string | undefined;
  /** @default all events of the log; `presence.update` and `engine.event` come to who names them */
  events?: readonly Name[] | undefined;
  /** Only events of this chat: a number, a jid, a LID, a group, or the id of a contact. */
  chat?: string | undefined;
  /** What comes after this cursor. `begin`: the oldest event that is kept. @default 'now' */
  after?: string | undefined;
  /** Ends the stream: the loop over it throws its reason. */
  signal?: AbortSignal | undefined;
  /** A stream that is silent for longer is opened again; the gateway sends something every 20 s. @default 45000 */
  silentMs?: number | undefined;
  /** Called when the stream is open, and when it has broken and is going to be opened again. */
  onState?: ((state: 'open' | 'reconnecting', error?: WaGateError) => void) | undefined;
}

/** Ids that are remembered: some events of very busy workspaces come again after a reconnect. */
const REMEMBERED = 2_000;
/** What connecting again cannot mend. */
const HOPELESS: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404, 405, 410]);

/**
 * Events as they come, each once, over every reconnect: after a break the stream goes on behind the last event that
 * was taken. Throws only what connecting again cannot mend, such as a revoked key.
 */
export async function* streamEvents<Name extends EventName>(
  transport: Transport,
  options: StreamOptions<Name>,
): AsyncGenerator<StreamedEvent<Name>, void, undefined> {
  const { sessionId, events, chat, after } = options;
  const seen = new Set<string>();
  const query = { sessionId, chat, events: events?.join(',') };
  const opened = reopened(transport, '/api/events/stream', { query, after, options });
  for await (const { data, id } of opened) {
    if (data === undefined) continue;
    const event = JSON.parse(data) as StreamedEvent<Name>;
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    if (seen.size > REMEMBERED) seen.delete(seen.values().next().value as string);
    yield { ...event, cursor: id };
  }
}

/** A change of a session that is being linked: the QR code to show now, or the state after it. */
export type Pairing = Schemas['PairingEvent'];

/** QR codes and states of a session while it is being linked. Ends when the session is connected. */
export async function* streamPairing(
  transport: Transport,
  sessionId: string,
  options: Pick<StreamOptions, 'signal' | 'onState'>,
): AsyncGenerator<Pairing, void, undefined> {
  const path = `/api/sessions/${encodeURIComponent(sessionId)}/qr/stream`;
  for await (const { data } of reopened(transport, path, { query: {}, after: undefined, options })) {
    if (data === undefined) continue;
    const pairing = JSON.parse(data) as Pairing;
    yield pairing;
    if (pairing.status === 'connected') return;
  }
}

interface Opening {
  query: Record<string, string | undefined>;
  after: string | undefined;
  options: Pick<StreamOptions, 'signal' | 'silentMs' | 'onState'>;
}

/** A stream that is opened again after every break, behind the last id. */
async function* reopened(
  transport: Transport,
  path: string,
  { query, after, options }: Opening,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const { signal, silentMs = 45_000, onState } = options;
  let position = after;
  let failures = 0;
  let pauseMs = 1_000;
  for (;;) {
    const silence = new AbortController();
    const ends = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
    let timer = setTimeout(() => silence.abort(), silentMs);
    let failure: WaGateError | undefined;
    try {
      const given = Object.entries({ ...query, after: position }).filter(([, value]) => value !== undefined);
      const text = new URLSearchParams(given as [string, string][]).toString();
      const call = { method: 'GET', path: text ? `${path}?${text}` : path, isRepeatable: true };
      const accept = { accept: 'text/event-stream' };
      const response = await transport.attempt({ ...call, headers: accept }, { signal: ends }, true);
      onState?.('open');
      for await (const event of readServerSentEvents(bytesOf(response))) {
        failures = 0;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silentMs);
        position = event.id ?? position;
        pauseMs = event.retry ?? pauseMs;
        yield event;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (isWaGateError(error)) {
        if (HOPELESS.has(error.status)) throw error;
        failure = error;
      }
      // Else the body broke off, or was silent for too long.
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
    failures += 1;
    onState?.('reconnecting', failure);
    const pause = failures === 1 && !failure?.retryAfter ? pauseMs : pauseBefore(failures + 1, failure?.retryAfter);
    await sleep(pause, signal);
  }
}
