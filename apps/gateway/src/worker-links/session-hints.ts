import { type Logger, redisKeys } from '@wa-gate/kit';
import type { SessionHint } from '@wa-gate/messaging';
import { LRUCache } from 'lru-cache';
import type { ControlStreams } from './control-streams.ts';
import type { Doorbells } from './doorbells.ts';
import type { Subscriptions } from './subscriptions.ts';

/**
 * The source of a session's hints: the control stream of its owner, its channel in Redis, or none. Over Redis some
 * hints are missing: a worker publishes there only while no gateway has a stream to it.
 */
export type HintSource = 'stream' | 'redis' | 'none';

export interface HintListener {
  onHint(hint: SessionHint): void;
  /** The source has ended: hints are missing from now on. The listener reads PostgreSQL instead, or listens anew. */
  onLost(): void;
}

export interface HintSubscription {
  /** `none` once the source was lost. */
  readonly source: HintSource;
  close(): void;
}

/** The hints of all sessions, wherever they come from. A hint may be lost: the truth is in PostgreSQL. */
export interface SessionHints {
  /**
   * Hints of the session that are given after this has resolved reach the listener.
   *
   * Resolves with the source `none` when the session has no owner with a stream and Redis does not answer within 50 ms.
   */
  listen(sessionId: string, listener: HintListener): Promise<HintSubscription>;
}

export interface SessionHintsDependencies {
  doorbells: Pick<Doorbells, 'ownerWithStream'>;
  streams: Pick<ControlStreams, 'onHints' | 'onLost'>;
  subscriptions: Subscriptions;
  logger: Logger;
  /** How long a channel stays subscribed after its last listener. @default 60 000 */
  keepMs?: number;
}

/** A Redis that is connected and silent must not hold up a send. */
const SUBSCRIBE_TIMEOUT_MS = 50;
/** A caller that sends again within this time causes no new subscription. */
const KEEP_MS = 60_000;
const MAX_CHANNELS = 10_000;
/** The time to live of a channel that has listeners. */
const UNLIMITED = 0;

/** One listener and its source. */
interface Listening {
  sessionId: string;
  listener: HintListener;
  source: HintSource;
  /** The worker whose stream is the source. */
  workerId?: string | undefined;
  /** The channel of the session is kept for it, whether Redis has answered yet or not. */
  usesChannel: boolean;
}

export function createSessionHints(deps: SessionHintsDependencies): SessionHints {
  const { doorbells, streams, subscriptions, logger, keepMs = KEEP_MS } = deps;
  const bySession = new Map<string, Set<Listening>>();
  /** Whether Redis has confirmed the subscription of a session's channel. */
  const channels = new LRUCache<string, Promise<boolean>>({
    max: MAX_CHANNELS,
    dispose(_ready, sessionId) {
      subscriptions.unsubscribe(redisKeys.events(sessionId));
      lose([...(bySession.get(sessionId) ?? [])].filter(({ source }) => source === 'redis'));
    },
    noDisposeOnSet: true,
  });
  setInterval(() => channels.purgeStale(), keepMs / 2).unref();

  const all = (): Listening[] => [...bySession.values()].flatMap((listenings) => [...listenings]);

  function lose(listenings: readonly Listening[]): void {
    for (const listening of listenings) {
      listening.source = 'none';
      listening.listener.onLost();
    }
  }

  function onHint(hint: SessionHint): void {
    for (const { listener } of bySession.get(hint.sessionId) ?? []) listener.onHint(hint);
  }

  streams.onHints((hints) => {
    for (const hint of hints) onHint(hint);
  });
  streams.onLost((workerId) => lose(all().filter((listening) => listening.workerId === workerId)));
  // Every channel is disposed, and with it the source of its listeners.
  subscriptions.onLost(() => channels.clear());

  function onMessage(text: string): void {
    try {
      onHint(JSON.parse(text) as SessionHint);
    } catch (error) {
      logger.warn({ err: error }, 'a hint cannot be read');
    }
  }

  function channelOf(sessionId: string): Promise<boolean> {
    const present = channels.get(sessionId);
    if (present) return present;
    const ready = subscriptions.subscribe(redisKeys.events(sessionId), onMessage);
    void ready.then((isReady) => {
      if (!isReady && channels.peek(sessionId) === ready) channels.delete(sessionId);
    });
    return ready;
  }

  /** `false`: Redis is away or silent. */
  async function subscribe(sessionId: string): Promise<boolean> {
    const ready = channelOf(sessionId);
    channels.set(sessionId, ready, { ttl: UNLIMITED });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), SUBSCRIBE_TIMEOUT_MS);
    });
    return Promise.race([ready, timeout]).finally(() => clearTimeout(timer));
  }

  /** A channel without listeners ends some time later. */
  function leave({ sessionId, usesChannel }: Listening, others: ReadonlySet<Listening>): void {
    const ready = usesChannel ? channels.get(sessionId) : undefined;
    if (!ready || [...others].some((other) => other.usesChannel)) return;
    channels.set(sessionId, ready, { ttl: keepMs });
  }

  async function findSource(listening: Listening): Promise<void> {
    const { sessionId } = listening;
    listening.workerId = await doorbells.ownerWithStream(sessionId);
    listening.usesChannel = listening.workerId === undefined;
    if (!listening.usesChannel) listening.source = 'stream';
    else if (await subscribe(sessionId)) listening.source = 'redis';
  }

  return {
    async listen(sessionId, listener) {
      const listening: Listening = { sessionId, listener, source: 'none', usesChannel: false };
      const listenings = bySession.get(sessionId) ?? new Set();
      bySession.set(sessionId, listenings.add(listening));
      await findSource(listening);
      return {
        get source() {
          return listening.source;
        },
        close() {
          if (!listenings.delete(listening)) return;
          if (listenings.size === 0) bySession.delete(sessionId);
          leave(listening, listenings);
        },
      };
    },
  };
}
