import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import { isDatabaseUnavailable, type Pool } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import {
  claimGapRequest,
  findOpenGaps,
  type GapPace,
  type GapRequest,
  lookForGapChats,
  newWaMessageId,
  putBackGapRequest,
} from '@wa-gate/messaging';

export interface GapAuditDependencies {
  pool: Pool;
  logger: Logger;
  onStale: (owner: Ownership) => void;
  /** The sessions that this worker hosts. */
  owners: () => readonly Ownership[];
  /** Whether the session is connected now. */
  isConnected: (owner: Ownership) => boolean;
  /** Asks the phone. `false`: not now, and nothing was tried. */
  ask: (request: GapRequest) => Promise<boolean>;
  /** Whether this process holds its lease, by its own clock. */
  mayStart: () => boolean;
  onRequest: (outcome: GapOutcome, count: number) => void;
  /** @default GAP_AUDIT_PACE */
  pace?: GapAuditPace;
}

/** What became of requests: sent to the phone, to be sent later, or given up without an answer. */
export type GapOutcome = 'asked' | 'postponed' | 'unanswered';

export interface GapAuditPace extends GapPace {
  /** Milliseconds between two looks. */
  pollMs: number;
  /** Milliseconds after which a request that could not be sent is tried again. */
  retryMs: number;
}

export const GAP_AUDIT_PACE: GapAuditPace = {
  pollMs: 5_000,
  settleMs: 5_000,
  answerMs: 300_000,
  attempts: 3,
  perMinute: 60,
  retryMs: 30_000,
};

/**
 * After a gap, asks the phones of sessions for the messages of the chats in which something is said again. What a phone
 * answers is history like any other: `HistoryIntake` takes it in, and ends the request in the same statement.
 */
export class GapAudit {
  readonly #deps: GapAuditDependencies;
  readonly #pace: GapAuditPace;
  /** Up to where the messages of a session were looked at, by the clock of the database. */
  readonly #lookedTo = new Map<string, Date>();
  /** Requests on their way to the phones of sessions: a slow one holds up no other session. */
  readonly #asking = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #looking: Promise<void> | undefined;

  constructor(deps: GapAuditDependencies) {
    this.#deps = deps;
    this.#pace = deps.pace ?? GAP_AUDIT_PACE;
  }

  start(): void {
    this.#isStopped = false;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look()
        // The next look finds the same.
        .catch((err: unknown) => {
          const level = isDatabaseUnavailable(err) ? 'debug' : 'warn';
          this.#deps.logger[level]({ err }, 'no look for gaps of sessions, trying again');
        })
        .finally(() => {
          this.#looking = undefined;
        });
    }, this.#pace.pollMs).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#looking;
    await Promise.all(this.#asking.values());
  }

  async #look(): Promise<void> {
    const { owners, isConnected, mayStart, pool, onRequest } = this.#deps;
    if (!mayStart()) return;
    const connected = owners().filter(isConnected);
    const mine = new Map(connected.map((owner) => [owner.sessionId, owner]));
    for (const sessionId of this.#lookedTo.keys()) if (!mine.has(sessionId)) this.#lookedTo.delete(sessionId);
    if (mine.size === 0) return;
    const open = await findOpenGaps(pool, [...mine.keys()]);
    if (open.length === 0) return;
    const concerned = open.map(({ sessionId }) => mine.get(sessionId)!);
    const { due, lookedTo, unanswered } = await lookForGapChats(pool, concerned, this.#lookedTo, this.#pace);
    for (const { sessionId } of open) this.#lookedTo.set(sessionId, lookedTo);
    if (unanswered > 0) onRequest('unanswered', unanswered);
    // Looks that end early begin at another session each time.
    const first = Math.floor(Math.random() * due.length);
    for (const sessionId of [...due.slice(first), ...due.slice(0, first)]) {
      if (this.#isStopped || !mayStart()) return;
      if (this.#asking.has(sessionId)) continue;
      if (!(await this.#askOne(mine.get(sessionId)!))) return;
    }
  }

  /** @returns whether more may be asked for now */
  async #askOne(owner: Ownership): Promise<boolean> {
    const { pool, logger } = this.#deps;
    const request = await claimGapRequest(pool, owner, newWaMessageId(), this.#pace);
    if (request === 'budget spent') return false;
    if (!request) return true;
    const asking = this.#send(owner, request)
      // It counts as sent, and is repeated when its answer does not come.
      .catch((err: unknown) => {
        const level = isDatabaseUnavailable(err) ? 'debug' : 'warn';
        logger[level]({ err, ...owner }, 'request about a gap not put back, trying again later');
      })
      .finally(() => this.#asking.delete(owner.sessionId));
    this.#asking.set(owner.sessionId, asking);
    return true;
  }

  async #send(owner: Ownership, request: GapRequest): Promise<void> {
    const { pool, logger, ask, onStale, onRequest } = this.#deps;
    const isTried = await ask(request).catch((err: unknown) => {
      // It may have left. So it counts, and is repeated when its answer does not come.
      logger.info({ err, ...owner }, 'asking the phone for messages of a gap has failed, trying again later');
      return true;
    });
    onRequest(isTried ? 'asked' : 'postponed', 1);
    if (isTried) return;
    await putBackGapRequest(pool, request, this.#pace.retryMs).catch((error: unknown) => {
      if (error instanceof StaleEpochError) onStale(owner);
      else throw error;
    });
  }
}
