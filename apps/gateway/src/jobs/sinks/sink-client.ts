import type { SinkConfiguration, SinkType } from '@wa-gate/contracts';
import { PrivateAddressError } from '@wa-gate/egress';
import type { Clock, Logger } from '@wa-gate/kit';
import type { SinkMetrics } from '../../metrics/index.ts';
import { createAddressGuard } from './address-guard.ts';
import { DRIVERS } from './drivers.ts';
import { SinkError, type SinkFailure, type SinkLink, type SinkMessage, unreachable } from './sink.ts';

/** What came of one attempt. */
export type SinkResult = { kind: 'stored' } | { kind: 'failed'; failure: SinkFailure; error: string };

/**
 * Publishes events to brokers over connections that are kept. A connection is shared by all endpoints with the same
 * address and credentials, is opened by the attempt that needs it, and is closed when nothing was published for a
 * minute. Nothing connects again by itself: an attempt that finds no connection opens one, so that the schedule of
 * attempts is the only schedule there is.
 */
export interface SinkClient {
  /**
   * Messages of one endpoint reach the broker in the order of these calls.
   *
   * @param endpointId of the endpoint, for the figure of those that fail
   * @throws {SinksClosed} when the client closes meanwhile, which is no failure of the broker
   */
  publish(endpointId: string, configuration: SinkConfiguration, message: SinkMessage): Promise<SinkResult>;
  /** Whether there is a connection, or one can be had; without a message. */
  knock(configuration: SinkConfiguration): Promise<boolean>;
  close(): Promise<void>;
}

/** This process is stopping. */
export class SinksClosed extends Error {}

export interface SinkClientDependencies {
  allowPrivate: boolean;
  clock: Clock;
  /** Absent: nothing is counted. */
  metrics?: SinkMetrics;
  logger: Logger;
}

export interface SinkClientOptions {
  /** Milliseconds that an attempt may take, connecting included. @default 10 000 */
  attemptMs?: number;
  /** Milliseconds that connecting may take. @default 5 000 */
  connectMs?: number;
  /** Milliseconds without a message, after which a connection is closed. @default 60 000 */
  idleMs?: number;
}

interface Entry {
  type: SinkType;
  opening: Promise<SinkLink>;
  link?: SinkLink;
  inFlight: number;
  idle?: NodeJS.Timeout | undefined;
}

/** Endpoints that were not tried for so long are not counted as failing any more. */
const FORGET_MS = 600_000;
const MAX_ERROR = 500;
/** How long a stop waits for the goodbyes of brokers. */
const CLOSE_MS = 1_000;

export function createSinkClient(deps: SinkClientDependencies, options: SinkClientOptions = {}): SinkClient {
  const { clock, metrics, logger } = deps;
  const { attemptMs = 10_000, connectMs = 5_000, idleMs = 60_000 } = options;
  const guard = createAddressGuard(deps);
  const links = new Map<string, Entry>();
  /** Endpoints whose last attempt failed, and when that was. */
  const failing = new Map<string, { type: SinkType; at: number }>();
  const stops = new Set<() => void>();
  let isClosed = false;

  metrics?.watch({
    connections: () => countByType([...links.values()].filter(({ link }) => link?.isOpen)),
    failing() {
      const oldest = clock.monotonic() - FORGET_MS;
      for (const [endpointId, { at }] of failing) if (at < oldest) failing.delete(endpointId);
      return countByType(failing.values());
    },
  });

  function keyOf(configuration: SinkConfiguration): string {
    const { type } = configuration;
    return JSON.stringify([type, ...DRIVERS[type].connection(configuration)]);
  }

  function entryFor(key: string, configuration: SinkConfiguration): Entry {
    const known = links.get(key);
    if (known && known.link?.isOpen !== false) return known;
    if (known) discard(key, known);
    const { type } = configuration;
    const opening = DRIVERS[type].open(configuration, {
      guard,
      name: 'wa-gate',
      connectMs,
      publishMs: attemptMs,
    });
    const entry: Entry = { type, opening, inFlight: 0 };
    links.set(key, entry);
    opening.then(
      (link) => {
        entry.link = link;
        // It was given up meanwhile.
        if (links.get(key) !== entry) void link.close().catch(ignore);
      },
      () => {
        if (links.get(key) === entry) links.delete(key);
      },
    );
    return entry;
  }

  function discard(key: string, entry: Entry): void {
    clearTimeout(entry.idle);
    if (links.get(key) === entry) links.delete(key);
    if (entry.link?.isOpen) void entry.link.close().catch(ignore);
  }

  /** Works with an open link, which is closed some time after its last work. */
  async function use<T>(configuration: SinkConfiguration, work: (link: SinkLink) => Promise<T>): Promise<T> {
    const key = keyOf(configuration);
    const entry = entryFor(key, configuration);
    entry.inFlight += 1;
    clearTimeout(entry.idle);
    const deadline = expiry(attemptMs);
    try {
      return await Promise.race([
        entry.opening.then(work),
        deadline.promise.then((): never => {
          throw new SinkError('timeout', `No confirmation within ${attemptMs / 1_000} s.`);
        }),
      ]);
    } catch (error) {
      // What the broker has of it is unknown, and more would pile up behind it.
      if (error instanceof SinkError && error.failure === 'timeout') discard(key, entry);
      throw error;
    } finally {
      deadline.cancel();
      entry.inFlight -= 1;
      if (entry.inFlight === 0 && links.get(key) === entry) {
        entry.idle = setTimeout(() => discard(key, entry), idleMs).unref();
      }
    }
  }

  function expiry(ms: number): { promise: Promise<void>; cancel: () => void } {
    let cancel = (): void => undefined;
    const promise = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      cancel = () => clearTimeout(timer);
    });
    return { promise, cancel };
  }

  return {
    async publish(endpointId, configuration, message) {
      const { type } = configuration;
      if (isClosed) throw new SinksClosed('stopping');
      const begun = clock.monotonic();
      let stop = (): void => undefined;
      const stopped = new Promise<never>((_resolve, reject) => {
        stop = () => reject(new SinksClosed('stopping'));
      });
      stops.add(stop);
      let result: SinkResult = { kind: 'stored' };
      try {
        await Promise.race([use(configuration, (link) => link.publish(message, configuration)), stopped]);
      } catch (error) {
        if (error instanceof SinksClosed) throw error;
        result = failed(error);
        logger.debug({ err: error, endpointId, type }, 'event not taken by the broker');
      } finally {
        stops.delete(stop);
      }
      metrics?.duration.observe({ type }, (clock.monotonic() - begun) / 1_000);
      metrics?.publishes.inc({ type, outcome: result.kind === 'stored' ? 'stored' : result.failure });
      if (result.kind === 'stored' || result.failure === 'refused') failing.delete(endpointId);
      else failing.set(endpointId, { type, at: clock.monotonic() });
      return result;
    },
    async knock(configuration) {
      return !isClosed && (await use(configuration, async ({ isOpen }) => isOpen).catch(() => false));
    },
    async close() {
      isClosed = true;
      for (const stop of stops) stop();
      const entries = [...links.values()];
      links.clear();
      for (const { idle } of entries) clearTimeout(idle);
      // One that is not open yet closes when it is; nobody waits for that, nor for a broker that says no goodbye.
      for (const { opening, link } of entries) if (!link) void opening.then((opened) => opened.close()).catch(ignore);
      const open = entries.flatMap(({ link }) => (link?.isOpen ? [link.close().catch(ignore)] : []));
      const limit = expiry(CLOSE_MS);
      await Promise.race([Promise.all(open), limit.promise]);
      limit.cancel();
    },
  };
}

const ignore = (): void => undefined;

function failed(error: unknown): SinkResult {
  const known =
    error instanceof SinkError
      ? error
      : error instanceof PrivateAddressError
        ? new SinkError('unreachable', error.message)
        : unreachable(error, 'The broker');
  // PostgreSQL stores no NUL in a text.
  return { kind: 'failed', failure: known.failure, error: known.message.replaceAll('\0', '').slice(0, MAX_ERROR) };
}

function countByType(items: Iterable<{ type: SinkType }>): Map<SinkType, number> {
  const counts = new Map<SinkType, number>();
  for (const { type } of items) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}
