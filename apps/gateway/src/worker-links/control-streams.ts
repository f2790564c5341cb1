import { endLease, workersWithLease } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, lazily } from '@wa-gate/kit';
import type {
  OfferedMessage,
  Question,
  SessionHint,
  ToldEvent,
  WorkerFrame,
  WorkerLoadReport,
} from '@wa-gate/messaging';
import { LRUCache } from 'lru-cache';
import type { WorkerLife } from './call-worker.ts';
import type { Evidence } from './evidence.ts';
import type { WorkerAddresses } from './worker-addresses.ts';
import { type StreamState, WorkerStream } from './worker-stream.ts';

export interface ControlStreamsDependencies {
  db: Queryable;
  addresses: WorkerAddresses;
  masterKeys: readonly Uint8Array[];
  clock: Clock;
  logger: Logger;
  /** How often the list of workers is read without a notification. */
  everyMs: number;
  /** Between two pings; a test may be faster. @default 1 000 */
  tickMs?: number;
}

/** A process life was found to be over. `isNews`: its lease ran until now, and its sessions need another worker. */
export type EvidenceListener = (target: WorkerLife, evidence: Evidence, isNews: boolean) => void;

/**
 * One control stream from this gateway to every worker that may be alive. The streams carry doorbells and hints without
 * Redis, and show that a worker is gone long before its lease expires. Nothing here is a fact: facts are in PostgreSQL.
 */
export interface ControlStreams {
  start(): void;
  stop(): Promise<void>;
  /** Reads the list of workers now, and opens and closes streams by it. */
  converge(): void;
  /** A worker that has just registered here. */
  watch(target: WorkerLife): void;
  /** Tells a worker that the outbox of a session has something new; `false`: there is no open stream to it. */
  notifySession(sessionId: string, workerId: string): boolean;
  /** Asks a worker to converge on its placements; `false`: there is no open stream to it. */
  notifyWorker(workerId: string): boolean;
  /** Asks a worker to accept a message; `false`: there is no open stream to it, or it takes no offers. */
  offer(workerId: string, message: OfferedMessage): boolean;
  /** Tells a worker that this gateway accepts an offered message itself. */
  withdraw(workerId: string, message: Pick<OfferedMessage, 'sessionId' | 'messageId'>): void;
  /**
   * Asks this process life of a worker. Resolves with `undefined` when it gives no answer. @returns `undefined`: there
   * is no open stream to it, or it takes no questions
   */
  ask(life: WorkerLife, question: Omit<Question, 'number'>): Promise<unknown> | undefined;
  isOpen(workerId: string): boolean;
  /** The worker that last sent hints of the session, while its stream is open. */
  ownerOf(sessionId: string): string | undefined;
  /** The last load report of the worker, while its stream is open. */
  loadOf(workerId: string): WorkerLoadReport | undefined;
  /** How many streams are in each state. */
  count(): Record<StreamState, number>;
  onEvidence(listener: EvidenceListener): void;
  onHints(listener: (hints: readonly SessionHint[]) => void): void;
  /** A worker tells an event that is not kept. */
  onTold(listener: (event: ToldEvent) => void): void;
  /** Doorbells for these sessions went to a worker that does not host them. */
  onMisrouted(listener: (workerId: string, sessionIds: readonly string[]) => void): void;
  /** A worker does not accept these offered messages. */
  onDeclined(listener: (messageIds: readonly string[]) => void): void;
  /** A stream is not open any more. */
  onLost(listener: (workerId: string) => void): void;
}

const TICK_MS = 1_000;
const MAX_OWNERS = 50_000;

export function createControlStreams(deps: ControlStreamsDependencies): ControlStreams {
  const { db, addresses, masterKeys, clock, logger, everyMs, tickMs = TICK_MS } = deps;
  const streams = new Map<string, WorkerStream>();
  const loads = new Map<string, WorkerLoadReport>();
  // Its memory is taken at once: late, so that a gateway answers sooner.
  const owners = lazily(() => new LRUCache<string, string>({ max: MAX_OWNERS }));
  const evidenceListeners: EvidenceListener[] = [];
  const hintListeners: ((hints: readonly SessionHint[]) => void)[] = [];
  const toldListeners: ((event: ToldEvent) => void)[] = [];
  const misroutedListeners: ((workerId: string, sessionIds: readonly string[]) => void)[] = [];
  const declinedListeners: ((messageIds: readonly string[]) => void)[] = [];
  const lostListeners: ((workerId: string) => void)[] = [];
  let isRunning = false;
  let ticking: NodeJS.Timeout | undefined;

  const isOpen = (workerId: string): boolean => streams.get(workerId)?.state === 'open';

  function onFrame(workerId: string, frame: WorkerFrame): void {
    if (frame.type === 'load') {
      loads.set(workerId, frame.load);
    } else if (frame.type === 'hints') {
      for (const { sessionId } of frame.hints) owners().set(sessionId, workerId);
      for (const listener of hintListeners) listener(frame.hints);
    } else if (frame.type === 'told') {
      for (const listener of toldListeners) listener(frame.event);
    } else if (frame.type === 'strays') {
      for (const sessionId of frame.sessionIds) if (owners().get(sessionId) === workerId) owners().delete(sessionId);
      for (const listener of misroutedListeners) listener(workerId, frame.sessionIds);
    } else if (frame.type === 'declined') {
      for (const listener of declinedListeners) listener(frame.messageIds);
    }
  }

  function onLost(workerId: string): void {
    loads.delete(workerId);
    for (const listener of lostListeners) listener(workerId);
  }

  async function onEvidence(target: WorkerLife, evidence: Evidence): Promise<void> {
    const isNews = await endLease(db, target, evidence);
    const line = { ...target, evidence, isNews };
    // One gateway of several ends the lease: its line is the one of the system log.
    if (isNews && evidence !== 'goodbye') logger.warn(line, 'a worker process has died');
    else logger.info(line, 'a worker process has ended');
    remove(target);
    for (const listener of evidenceListeners) listener(target, evidence, isNews);
  }

  function remove({ workerId, incarnation }: WorkerLife): void {
    const stream = streams.get(workerId);
    if (stream?.target.incarnation !== incarnation) return;
    streams.delete(workerId);
    stream.close();
  }

  /** Opens a stream to this process life, unless a stream to the same or a later life exists. */
  function watch(target: WorkerLife): void {
    if (!isRunning) return;
    const present = streams.get(target.workerId);
    if (present && present.target.incarnation >= target.incarnation) return;
    present?.close();
    const { workerId } = target;
    const stream = new WorkerStream({
      target,
      addresses,
      masterKeys,
      logger,
      onFrame: (frame) => onFrame(workerId, frame),
      onLost: () => onLost(workerId),
      onEvidence: (evidence) => onEvidence(target, evidence),
    });
    streams.set(workerId, stream);
  }

  async function converge(): Promise<void> {
    const before = [...streams.values()];
    const targets = await workersWithLease(db);
    const wanted = new Set(targets.map(({ workerId }) => workerId));
    for (const { target } of before) if (!wanted.has(target.workerId)) remove(target);
    for (const target of targets) watch(target);
  }

  const loop = createLoop({
    clock,
    round: converge,
    everyMs,
    onError: (error) => logger.warn({ err: error }, 'list of workers not read, streams stay as they are'),
  });

  return {
    start() {
      isRunning = true;
      ticking = setInterval(() => {
        for (const stream of streams.values()) stream.tick();
      }, tickMs).unref();
      loop.start();
    },
    async stop() {
      isRunning = false;
      const ended = loop.stop();
      clearInterval(ticking);
      for (const stream of streams.values()) stream.close();
      streams.clear();
      await ended;
    },
    converge: loop.notify,
    watch,
    notifySession: (sessionId, workerId) => streams.get(workerId)?.notifySession(sessionId) ?? false,
    notifyWorker: (workerId) => streams.get(workerId)?.notifyPlacements() ?? false,
    offer: (workerId, message) => streams.get(workerId)?.offer(message) ?? false,
    ask({ workerId, incarnation }, question) {
      const stream = streams.get(workerId);
      return stream?.target.incarnation === incarnation ? stream.ask(question) : undefined;
    },
    withdraw: (workerId, message) => streams.get(workerId)?.withdraw([message]),
    isOpen,
    ownerOf(sessionId) {
      const workerId = owners().get(sessionId);
      return workerId !== undefined && isOpen(workerId) ? workerId : undefined;
    },
    loadOf: (workerId) => loads.get(workerId),
    count() {
      const counts: Record<StreamState, number> = { connecting: 0, open: 0, silent: 0 };
      for (const { state } of streams.values()) counts[state] += 1;
      return counts;
    },
    onEvidence: (listener) => evidenceListeners.push(listener),
    onHints: (listener) => hintListeners.push(listener),
    onTold: (listener) => toldListeners.push(listener),
    onMisrouted: (listener) => misroutedListeners.push(listener),
    onDeclined: (listener) => declinedListeners.push(listener),
    onLost: (listener) => lostListeners.push(listener),
  };
}
