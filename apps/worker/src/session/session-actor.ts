import { clearSessionKeys, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import { type BackoffOptions, backoffDelay, UnsealError } from '@wa-gate/kit';
import { type AuthStore, openAuthStore } from '../whatsapp/auth-store.ts';
import { createSocketCaches, type SocketCaches } from '../whatsapp/baileys-caches.ts';
import { SandboxUnreachableError } from '../whatsapp/network.ts';
import { type Connection, type ConnectionHandlers, connect, type Identity } from '../whatsapp/socket.ts';
import type { SessionActorDependencies } from './actor-ports.ts';
import {
  CONFLICT_VERDICT,
  CONNECT_TIMED_OUT,
  FORGOTTEN_BY_API,
  judgeDisconnect,
  KEYS_LOST,
  KEYS_UNREADABLE,
  LOGGED_OUT_BY_API,
  RESTARTED_BY_API,
  unreachable,
  type Verdict,
} from './disconnect.ts';
import { SessionRefusal } from './errors.ts';
import { readRest } from './session-row.ts';
import { tellChange } from './state-events.ts';
import { StatusWriter } from './status-writer.ts';
import { type ActorEvent, type ActorState, isTerminal, type PublicView, transition } from './transition.ts';

/** QR codes: the first lives 60 s, five more 20 s each; then WhatsApp's series is over. */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const SERIES_MS = FIRST_QR_MS + 5 * NEXT_QR_MS;
const CONNECT_DEADLINE_MS = 30_000;
const PAIRING_CODE_WAIT_MS = 10_000;
const LOGOUT_WAIT_MS = 5_000;
const SLOW_RETRY: BackoffOptions = { initialMs: 60_000, maxMs: 900_000 };
/** States in which waiting longer brings no QR code. */
const QR_DECIDED: ReadonlySet<ActorState['name']> = new Set(['scanning', 'code', 'pairing', 'connected', 'resting']);
const MAX_CONFLICTS = 3;
const CONFLICT_FORGIVEN_AFTER_MS = 600_000;

/** Runs one session on its owner: keeps it connected, and tells PostgreSQL and the user how it fares. */
export class SessionActor {
  readonly owner: Ownership;
  readonly #deps: SessionActorDependencies;
  readonly #status: StatusWriter;
  /** Outlive a reconnect, not the actor. */
  readonly #caches: SocketCaches = createSocketCaches();
  readonly #watchers = new Set<() => void>();
  #state: ActorState = { name: 'new' };
  #view: PublicView | null = null;
  #store: AuthStore | undefined;
  #connection: Connection | undefined;
  /** Counts connections; what an earlier one still says is not heard. */
  #life = 0;
  #timer: NodeJS.Timeout | undefined;
  #conflicts = 0;
  #seriesEndsAt = 0;
  /** Keys of a device that is not linked any more, being removed. */
  #forgetting: Promise<void> = Promise.resolve();

  constructor(deps: SessionActorDependencies) {
    this.#deps = deps;
    this.owner = deps.owner;
    this.#status = new StatusWriter({ ...deps, onStale: () => this.fence() });
  }

  get state(): ActorState {
    return this.#state;
  }

  /** Connects, unless the session rests by an earlier verdict. */
  start(): void {
    this.#run(async () => {
      const rest = await readRest(this.#deps.pool, this.owner.sessionId);
      if (rest) {
        this.#view = { state: rest.state, reason: rest.reason, code: rest.code };
        this.#move({ type: 'rest', verdict: rest });
      } else {
        this.#begin();
      }
    });
  }

  /** Closes without logging out. Nothing of this actor runs or writes afterwards. */
  async stop(): Promise<void> {
    if (isTerminal(this.#state)) return;
    const connection = this.#leaveConnection();
    this.#move({ type: 'stop' });
    await connection?.close();
    await this.#store?.flush();
    await this.#status.flush();
    this.#status.end();
  }

  /** The QR code to scan. Starts pairing when the session is not linked; waits up to `waitMs` for the first code. */
  async qr(waitMs: number): Promise<{ qr: string; attempt: number; expiresAt: Date }> {
    this.#assertUnlinked();
    if (this.#state.name === 'resting') this.#begin();
    await this.#until((state) => QR_DECIDED.has(state.name), waitMs);
    const state = this.#state;
    if (state.name === 'scanning')
      return { qr: state.qr, attempt: state.attempt, expiresAt: new Date(state.expiresAt) };
    this.#assertUnlinked();
    const sentence =
      state.name === 'code'
        ? 'A pairing code waits to be entered. Restart the session to get a QR code instead.'
        : 'WhatsApp has not sent a QR code yet. Ask again in a second.';
    throw new SessionRefusal('QR_NOT_READY', sentence);
  }

  /** A code to enter on the phone with this number. */
  async pairingCode(digits: string): Promise<{ code: string; expiresAt: Date }> {
    this.#assertUnlinked();
    // A code lives as long as the series of QR codes that the connection was given: begin a new one when this is an old one.
    if (this.#state.name === 'resting') this.#begin();
    else if (this.#state.name === 'scanning' && this.#state.attempt > 1) await this.restart();
    await this.#until((state) => state.name === 'scanning' || state.name === 'code', PAIRING_CODE_WAIT_MS);
    const connection = this.#connection;
    if (!connection || (this.#state.name !== 'scanning' && this.#state.name !== 'code')) {
      this.#assertUnlinked();
      throw new SessionRefusal('QR_NOT_READY', 'WhatsApp does not answer yet. Ask again in a second.');
    }
    const code = await connection.requestPairingCode(digits);
    this.#move({ type: 'code', code, expiresAt: this.#seriesEndsAt });
    return { code, expiresAt: new Date(this.#seriesEndsAt) };
  }

  /** A new connection from what is stored; a session that rests begins again. */
  async restart(): Promise<void> {
    this.#assertAlive();
    const connection = this.#leaveConnection();
    await connection?.close();
    await this.#store?.flush();
    this.#store = undefined;
    this.#conflicts = 0;
    if (this.#move({ type: 'closed', verdict: RESTARTED_BY_API, at: this.#now() })) this.#open();
    else this.#begin();
  }

  /** Unlinks the device and removes its keys. `true`: WhatsApp was told. */
  async logout(): Promise<boolean> {
    this.#assertAlive();
    if (this.#state.name === 'resting' && this.#state.verdict.state === 'LOGGED_OUT') return false;
    // About to be connected: then WhatsApp can be told.
    if (this.#state.name === 'connecting') await this.#until((state) => state.name !== 'connecting', LOGOUT_WAIT_MS);
    this.#assertAlive();
    const connected = this.#state.name === 'connected';
    const linked = this.#store?.isPaired() ?? false;
    const connection = this.#leaveConnection();
    const told = connected && connection !== undefined && (await this.#unlink(connection));
    if (!told) await connection?.close();
    await this.#forgetKeys();
    this.#move({ type: 'rest', verdict: linked && !told ? FORGOTTEN_BY_API : LOGGED_OUT_BY_API });
    await this.#status.flush();
    return told;
  }

  async #unlink(connection: Connection): Promise<boolean> {
    try {
      await connection.logout();
      return true;
    } catch (error) {
      this.#deps.logger.warn({ err: error, ...this.owner }, 'WhatsApp could not be told about the logout');
      return false;
    }
  }

  /** Cuts a connection that does not answer any more; it is opened again. */
  dropConnection(): void {
    if (!this.#connection) return;
    this.#connection.terminate();
    this.#lost(CONNECT_TIMED_OUT);
  }

  /** A write was refused: somebody else owns the session. Terminal (I7): no logout, no write, no retry. */
  fence(): void {
    if (isTerminal(this.#state)) return;
    const connection = this.#leaveConnection();
    connection?.terminate();
    this.#move({ type: 'fenced' });
    this.#status.end();
    this.#store = undefined;
    this.#deps.logger.warn(this.owner, 'session belongs to another owner, actor ended');
    this.#deps.onFenced(this.owner);
  }

  // --- connecting ---

  #begin(): void {
    this.#clearTimer();
    if (this.#move({ type: 'connect' })) this.#open();
  }

  #open(): void {
    const life = ++this.#life;
    this.#run(async () => {
      try {
        // Credentials that no phone has linked are not used twice: WhatsApp refuses a half-finished pairing code.
        const store = this.#store?.isPaired() ? this.#store : await this.#openStore();
        const endpoint = await this.#deps.network.endpoint();
        if (life !== this.#life) return;
        this.#store = store;
        const { sessionId } = this.owner;
        const { logger } = this.#deps;
        const handlers = this.#handlers(life);
        this.#connection = connect({ sessionId, endpoint, store, caches: this.#caches, logger, handlers });
        this.#setTimer(CONNECT_DEADLINE_MS, () => this.dropConnection());
      } catch (error) {
        if (life === this.#life) this.#lost(judgeOpening(error));
      }
    });
  }

  async #openStore(): Promise<AuthStore> {
    await this.#forgetting;
    const { pool, keyWriter: writer, box, clock } = this.#deps;
    return openAuthStore({
      pool,
      writer,
      box,
      clock,
      owner: this.owner,
      onFailure: (error) => this.#storeFailed(error),
    });
  }

  /** Synchronous up to the cut: nothing may leave this socket any more. */
  #storeFailed(error: Error): void {
    this.#connection?.terminate();
    this.#store = undefined;
    const { logger, owner } = this.#deps;
    logger.warn({ err: error, ...owner }, 'session keys could not be read or written, connection cut');
    if (error instanceof StaleEpochError) this.fence();
    else this.#lost(error instanceof UnsealError ? KEYS_UNREADABLE : KEYS_LOST);
  }

  #handlers(life: number): ConnectionHandlers {
    const { traffic } = this.#deps;
    const owner = this.owner;
    /** Only what the present connection says counts. */
    const current = <A extends unknown[]>(handle: (...args: A) => void) => {
      return (...args: A): void => {
        if (life === this.#life) handle(...args);
      };
    };
    return {
      qr: current((qr) => this.#showQr(qr)),
      paired: current(() => this.#move({ type: 'paired' })),
      open: current((identity) => this.#opened(identity)),
      closed: current((cause) => this.#lost(judgeDisconnect(cause, this.#store?.isPaired() ?? false))),
      acknowledged: current((ack) => traffic.acknowledged(owner, ack)),
      receipts: current((receipts) => traffic.receipts(owner, receipts)),
      messages: current((messages, identity) => traffic.messages(owner, messages, identity)),
      sentMessage: (waMessageId) => traffic.sentMessage(owner, waMessageId),
    };
  }

  #showQr(qr: string): void {
    this.#clearTimer();
    const first = this.#state.name === 'connecting';
    if (first) this.#seriesEndsAt = this.#deps.clock.now() + SERIES_MS;
    this.#move({ type: 'qr', qr, expiresAt: this.#deps.clock.now() + (first ? FIRST_QR_MS : NEXT_QR_MS) });
  }

  #opened(identity: Identity): void {
    this.#clearTimer();
    if (!this.#move({ type: 'open', identity, at: this.#now() })) return;
    if (this.#connection) this.#deps.traffic.opened(this.owner, this.#connection);
  }

  // --- after a connection ---

  /** The connection has ended, or could not be made. */
  #lost(given: Verdict): void {
    const before = this.#state;
    const verdict = given.next === 'yield' ? this.#countConflict(before, given) : given;
    this.#leaveConnection();
    if (!this.#move({ type: 'closed', verdict, at: this.#now() })) return;
    this.#deps.logger.info({ ...this.owner, code: verdict.code, state: this.#state.name }, 'connection ended');
    if (verdict.unlinked) this.#run(() => this.#forgetKeys());
    const { name } = this.#state;
    if (name === 'connecting') this.#reconnectAfterFlush();
    else if (name === 'waiting') this.#scheduleRetry(verdict);
  }

  #countConflict(before: ActorState, verdict: Verdict): Verdict {
    const lasted = before.name === 'connected' ? this.#now() - before.since : 0;
    this.#conflicts = lasted >= CONFLICT_FORGIVEN_AFTER_MS ? 1 : this.#conflicts + 1;
    return this.#conflicts > MAX_CONFLICTS ? CONFLICT_VERDICT : verdict;
  }

  #reconnectAfterFlush(): void {
    const life = this.#life;
    this.#run(async () => {
      await this.#store?.flush();
      if (life === this.#life && this.#state.name === 'connecting') this.#open();
    });
  }

  #scheduleRetry(verdict: Verdict): void {
    const failures = this.#state.name === 'waiting' ? this.#state.failures : 1;
    const delay = backoffDelay(failures - 1, verdict.next === 'retry-slowly' ? SLOW_RETRY : this.#deps.retry);
    this.#setTimer(delay, () => {
      if (verdict.next !== 'yield') return this.#begin();
      this.#deps.stillOwned(this.owner).then(
        (owned) => (owned ? this.#begin() : this.fence()),
        () => this.#scheduleRetry(verdict),
      );
    });
  }

  /** Detaches from the present connection, whatever it still says; the caller closes or cuts it. */
  #leaveConnection(): Connection | undefined {
    const connection = this.#connection;
    this.#life += 1;
    this.#connection = undefined;
    this.#clearTimer();
    if (this.#state.name === 'connected') this.#deps.traffic.closed(this.owner);
    return connection;
  }

  #forgetKeys(): Promise<void> {
    const { pool, keyWriter } = this.#deps;
    const store = this.#store;
    this.#store = undefined;
    const removal = (async () => {
      store?.close();
      await keyWriter.idle();
      await clearSessionKeys(pool, this.owner);
    })();
    // Whoever opens the store next waits for this; that it failed is the caller's to handle.
    this.#forgetting = removal.catch(() => undefined);
    return removal;
  }

  // --- bookkeeping ---

  #now(): number {
    return this.#deps.clock.monotonic();
  }

  #move(event: ActorEvent): boolean {
    const before = this.#state;
    const after = transition(before, event);
    if (after === before) return false;
    this.#state = after;
    const change = tellChange(before, after, this.#view);
    if (change) {
      this.#view = change.view;
      this.#status.write(change.update, change.events);
    }
    for (const watcher of this.#watchers) watcher();
    return true;
  }

  /** Runs background work of this actor. What it throws is trouble with the database; an actor that has not begun yet tries again. */
  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (isTerminal(this.#state)) return;
      if (error instanceof StaleEpochError) return this.fence();
      this.#deps.logger.warn({ err: error, ...this.owner }, 'session work failed, trying again');
      this.#setTimer(backoffDelay(0, this.#deps.retry), () => {
        if (this.#state.name === 'new') this.start();
      });
    });
  }

  /** Resolves when `reached` holds, at the end of the time, or when the actor ends. */
  #until(reached: (state: ActorState) => boolean, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!reached(this.#state) && !isTerminal(this.#state)) return;
        finish();
      };
      const finish = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      this.#watchers.add(look);
      look();
    });
  }

  #assertAlive(): void {
    if (isTerminal(this.#state))
      throw new SessionRefusal('SESSION_MOVING', 'The session is moving. Try again in a second.');
  }

  #assertUnlinked(): void {
    this.#assertAlive();
    const state = this.#state;
    const linked = this.#store?.isPaired() || state.name === 'connected' || state.name === 'pairing';
    if (linked) {
      throw new SessionRefusal(
        'SESSION_ALREADY_PAIRED',
        'The session is linked to a phone already. Log it out first to link another one.',
      );
    }
    const restsForGood =
      state.name === 'resting' && state.verdict.state !== 'LOGGED_OUT' && state.verdict.state !== 'STOPPED';
    if (restsForGood) throw new SessionRefusal('SESSION_ALREADY_PAIRED', state.verdict.reason);
  }

  #setTimer(ms: number, action: () => void): void {
    this.#clearTimer();
    this.#timer = setTimeout(action, ms);
    this.#timer.unref();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function judgeOpening(error: unknown): Verdict {
  if (error instanceof UnsealError) return KEYS_UNREADABLE;
  if (error instanceof SandboxUnreachableError) return unreachable('sandbox/unreachable');
  return KEYS_LOST;
}
