import { isWaGateError, unexpectedAnswer, type WaGateError } from './errors.ts';
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

/** How a stream comes back. */
interface ReconnectOptions {
  /** Ends the stream: the loop over it throws its reason. */
  signal?: AbortSignal | undefined;
  /** A stream that is silent for longer is opened again; the gateway sends something every 20 s. @default 45000 */
  silentMs?: number | undefined;
  /**
   * The longest pause between two attempts, in milliseconds, also where `Retry-After` names a longer one: for a page
   * that somebody looks at. @default 8000, or what `Retry-After` names
   */
  maxPauseMs?: number | undefined;
  /**
   * Whether to connect again after this failure. `false` ends the stream with it.
   * @default not after 400, 401, 403, 404, 405 and 410 of a gateway, nor when the first answer is not one of a gateway
   */
  mayReconnect?: ((error: WaGateError) => boolean) | undefined;
  /** Called when the stream is open, and when it has broken and is going to be opened again. */
  onState?: ((state: 'open' | 'reconnecting', error?: WaGateError) => void) | undefined;
}

/** How the codes of a session that is being linked are followed. */
export type PairingOptions = ReconnectOptions;

export interface StreamOptions<Name extends EventName = EventName> extends ReconnectOptions {
  /** Only events of this session. @default all of the workspace, or that of a session key */
  sessionId?: string | undefined;
  /** @default all events of the log; `presence.update` and `engine.event` come to who names them */
  events?: readonly Name[] | undefined;
  /** Only events of this chat: a number, a jid, a LID, a group, or the id of a contact. */
  chat?: string | undefined;
  /** What comes after this cursor. `begin`: the oldest event that is kept. @default 'now' */
  after?: string | undefined;
  /**
   * Called when the stream goes on without what came between: its cursor was refused, as too old or as one of another
   * workspace. Without this option such a refusal ends the stream.
   */
  onGap?: (() => void) | undefined;
}

/** Events as they come. The loop over it ends with `break`, or with the signal. */
export interface EventStream<Name extends EventName = EventName>
  extends AsyncGenerator<StreamedEvent<Name>, void, undefined> {
  /** Behind the last event that was taken, and behind those that the filter has left out since. */
  readonly cursor: string | undefined;
  /** Ends the pause before the next attempt: the network is back, or somebody looks at the page again. */
  retryNow(): void;
}

/** Ids that are remembered: some events of very busy workspaces come again after a reconnect. */
const REMEMBERED = 2_000;
/** What connecting again cannot mend. */
const HOPELESS: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404, 405, 410]);
/** What a gateway answers to a cursor that it cannot go on from. */
const REFUSED_CURSOR: ReadonlySet<number | undefined> = new Set([400, 410]);

/**
 * Events as they come, each once, over every reconnect: after a break the stream goes on behind the last event that
 * was taken. Throws only what connecting again cannot mend, such as a revoked key.
 */
export function streamEvents<Name extends EventName>(
  transport: Transport,
  options: StreamOptions<Name>,
): EventStream<Name> {
  const { sessionId, events, chat } = options;
  const query = { sessionId, chat, events: events?.join(',') };
  const stream = new ReopenedStream(transport, '/api/events/stream', { ...options, query });
  return Object.defineProperties(eventsOf<Name>(stream), {
    cursor: { get: () => stream.position },
    retryNow: { value: () => stream.retryNow() },
  }) as EventStream<Name>;
}

async function* eventsOf<Name extends EventName>(
  stream: ReopenedStream,
): AsyncGenerator<StreamedEvent<Name>, void, undefined> {
  const seen = new Set<string>();
  for await (const { data, id } of stream.read()) {
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
  options: PairingOptions,
): AsyncGenerator<Pairing, void, undefined> {
  const path = `/api/sessions/${encodeURIComponent(sessionId)}/qr/stream`;
  for await (const { data } of new ReopenedStream(transport, path, { ...options, query: {} }).read()) {
    if (data === undefined) continue;
    const pairing = JSON.parse(data) as Pairing;
    yield pairing;
    if (pairing.status === 'connected') return;
  }
}

interface Opening extends ReconnectOptions {
  query: Record<string, string | undefined>;
  after?: string | undefined;
  onGap?: (() => void) | undefined;
}

/** A stream that is opened again after every break, behind the last id. */
class ReopenedStream {
  position: string | undefined;
  readonly #transport: Transport;
  readonly #path: string;
  readonly #options: Opening;
  /** What the gateway has said last. */
  #pauseMs = 1_000;
  #failures = 0;
  #wasOpen = false;
  #hasGap = false;
  #endPause: () => void = () => undefined;

  constructor(transport: Transport, path: string, options: Opening) {
    this.#transport = transport;
    this.#path = path;
    this.#options = options;
    this.position = options.after === 'now' ? undefined : options.after;
  }

  retryNow(): void {
    this.#endPause();
  }

  async *read(): AsyncGenerator<ServerSentEvent, void, undefined> {
    const { signal, silentMs = 45_000, onState } = this.#options;
    for (;;) {
      const silence = new AbortController();
      const ends = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
      let timer = setTimeout(() => silence.abort(), silentMs);
      let failure: WaGateError | undefined;
      try {
        const response = await this.#open(ends);
        this.#tellOpen();
        for await (const event of readServerSentEvents(bytesOf(response))) {
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), silentMs);
          this.#failures = 0;
          this.position = event.id ?? this.position;
          this.#pauseMs = event.retry ?? this.#pauseMs;
          yield event;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (isWaGateError(error)) {
          if (!this.#canGoOn(error)) throw error;
          failure = error;
        }
        // Else the body broke off, or was silent for too long.
      } finally {
        clearTimeout(timer);
        silence.abort();
      }
      this.#failures += 1;
      onState?.('reconnecting', failure);
      await this.#pause(failure?.retryAfter);
    }
  }

  async #open(signal: AbortSignal): Promise<Response> {
    const query = Object.entries({ ...this.#options.query, after: this.position });
    const text = new URLSearchParams(query.filter(([, value]) => value !== undefined) as [string, string][]).toString();
    const response = await this.#transport.attempt(
      {
        method: 'GET',
        path: text ? `${this.#path}?${text}` : this.#path,
        headers: { accept: 'text/event-stream' },
        isRepeatable: true,
      },
      { signal },
      true,
    );
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
    throw unexpectedAnswer(response, await response.text());
  }

  #tellOpen(): void {
    const { onState, onGap } = this.#options;
    onState?.('open');
    // A stream that had no position begins at the moment of its opening.
    if (this.#hasGap || (this.#wasOpen && this.position === undefined)) onGap?.();
    this.#hasGap = false;
    this.#wasOpen = true;
  }

  /** Whether the stream is to be opened again after this refusal. */
  #canGoOn(error: WaGateError): boolean {
    const { mayReconnect, onGap } = this.#options;
    const isOfGateway = error.code !== 'UNEXPECTED_ANSWER';
    if (onGap && isOfGateway && REFUSED_CURSOR.has(error.status) && this.position !== undefined) {
      this.position = undefined;
      this.#hasGap = true;
      return true;
    }
    if (mayReconnect) return mayReconnect(error);
    // A proxy may answer with any status while its gateway is away; at first it is rather the wrong address.
    return isOfGateway ? !HOPELESS.has(error.status) : this.#wasOpen || error.isRetryable;
  }

  async #pause(retryAfter: number | undefined): Promise<void> {
    const { signal, maxPauseMs } = this.#options;
    const isFirst = this.#failures === 1 && !retryAfter;
    const wanted = isFirst ? this.#pauseMs : pauseBefore(this.#failures + 1, retryAfter, maxPauseMs);
    const waking = new AbortController();
    this.#endPause = () => waking.abort();
    const ends = signal ? AbortSignal.any([signal, waking.signal]) : waking.signal;
    await sleep(Math.min(wanted, maxPauseMs ?? Number.POSITIVE_INFINITY), ends).catch(() => signal?.throwIfAborted());
  }
}
