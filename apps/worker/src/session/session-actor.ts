import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import { type BackoffOptions, backoffDelay } from '@wa-gate/kit';
import type { Connection, Identity } from '../whatsapp/socket.ts';
import type { SessionActorDependencies } from './actor-ports.ts';
import { Conflicts } from './conflicts.ts';
import {
  CONNECT_TIMED_OUT,
  FORGOTTEN_BY_API,
  LOGGED_OUT_BY_API,
  RESTARTED_BY_API,
  type Verdict,
} from './disconnect.ts';
import { assertAlive } from './errors.ts';
import { OneTimer } from './one-timer.ts';
import { Pairing } from './pairing.ts';
import { SessionLine } from './session-line.ts';
import { readRest } from './session-row.ts';
import { tellArrival } from './state-events.ts';
import { StateKeeper } from './state-keeper.ts';
import { StatusWriter } from './status-writer.ts';
import { type ActorState, isTerminal } from './transition.ts';

const LOGOUT_WAIT_MS = 5_000;
const SLOW_RETRY: BackoffOptions = { initialMs: 60_000, maxMs: 900_000 };

/** Runs one session on its owner: keeps it connected, and tells PostgreSQL and the user how it fares. */
export class SessionActor {
  readonly owner: Ownership;
  readonly #deps: SessionActorDependencies;
  readonly #status: StatusWriter;
  readonly #keeper: StateKeeper;
  readonly #line: SessionLine;
  readonly #pairing: Pairing;
  readonly #conflicts = new Conflicts();
  /** The next try. */
  readonly #timer = new OneTimer();

  constructor(deps: SessionActorDependencies) {
    this.#deps = deps;
    this.owner = deps.owner;
    this.#status = new StatusWriter({ ...deps, onStale: () => this.fence() });
    this.#keeper = new StateKeeper(this.#status, tellArrival(deps.owner, deps.arrival?.reason));
    this.#line = new SessionLine(deps, {
      qr: (qr) => this.#pairing.show(qr),
      paired: () => this.#keeper.move({ type: 'paired' }),
      opened: (identity, connection) => this.#opened(identity, connection),
      lost: (verdict) => this.#lost(verdict),
      fenced: () => this.fence(),
    });
    this.#pairing = new Pairing({
      keeper: this.#keeper,
      line: this.#line,
      clock: deps.clock,
      begin: () => this.#begin(),
      restart: () => this.restart(),
    });
  }

  get state(): ActorState {
    return this.#keeper.state;
  }

  /** Connects, unless the session rests by an earlier verdict. */
  start(): void {
    this.#run(async () => {
      const rest = await readRest(this.#deps.pool, this.owner.sessionId);
      if (rest) {
        this.#keeper.recall({ state: rest.state, reason: rest.reason, code: rest.code });
        this.#keeper.move({ type: 'rest', verdict: rest });
      } else {
        this.#begin();
      }
    });
  }

  /** Closes without logging out. Nothing of this actor runs or writes afterwards. */
  async stop(): Promise<void> {
    if (isTerminal(this.state)) return;
    const connection = this.#leave();
    this.#keeper.move({ type: 'stop' });
    await connection?.close();
    await this.#line.flush();
    await this.#status.flush();
    this.#status.end();
  }

  /** The worker's lease is over (I3): the line is cut before this returns, nothing is written. A stop in progress ends with it. */
  cut(): void {
    this.#status.end();
    this.#leave()?.terminate();
    this.#keeper.move({ type: 'stop' });
    this.#line.dropKeys();
  }

  /** The QR code to scan. Starts pairing when the session is not linked; waits up to `waitMs` for the first code. */
  qr(waitMs: number): Promise<{ qr: string; attempt: number; expiresAt: Date }> {
    return this.#pairing.qr(waitMs);
  }

  /** Calls `look` after every change of the state, until the returned function is called. */
  watch(look: () => void): () => void {
    return this.#keeper.watch(look);
  }

  /** A code to enter on the phone with this number. */
  pairingCode(digits: string): Promise<{ code: string; expiresAt: Date }> {
    return this.#pairing.code(digits);
  }

  /** A new connection from what is stored; a session that rests begins again. */
  async restart(): Promise<void> {
    assertAlive(this.state);
    const connection = this.#leave();
    await connection?.close();
    await this.#line.flush();
    this.#line.dropKeys();
    this.#conflicts.forget();
    if (this.#keeper.move({ type: 'closed', verdict: RESTARTED_BY_API, at: this.#now() })) this.#open();
    else this.#begin();
  }

  /** Unlinks the device and removes its keys. `true`: WhatsApp was told. */
  async logout(): Promise<boolean> {
    assertAlive(this.state);
    if (this.state.name === 'resting' && this.state.verdict.state === 'LOGGED_OUT') return false;
    // About to be connected: then WhatsApp can be told.
    if (this.state.name === 'connecting')
      await this.#keeper.until((state) => state.name !== 'connecting', LOGOUT_WAIT_MS);
    assertAlive(this.state);
    const connected = this.state.name === 'connected';
    const linked = this.#line.isPaired;
    const connection = this.#leave();
    const told = connected && connection !== undefined && (await this.#unlink(connection));
    if (!told) await connection?.close();
    await this.#line.forgetKeys();
    this.#keeper.move({ type: 'rest', verdict: linked && !told ? FORGOTTEN_BY_API : LOGGED_OUT_BY_API });
    await this.#status.flush();
    return told;
  }

  /** Cuts a connection that does not answer any more; it is opened again. */
  dropConnection(): void {
    this.#line.drop(CONNECT_TIMED_OUT);
  }

  /** A write was refused: somebody else owns the session. Terminal (I7): no logout, no write, no retry. */
  fence(): void {
    if (isTerminal(this.state)) return;
    const connection = this.#leave();
    connection?.terminate();
    this.#keeper.move({ type: 'fenced' });
    this.#status.end();
    this.#line.dropKeys();
    this.#deps.logger.warn(this.owner, 'session belongs to another owner, actor ended');
    this.#deps.onFenced(this.owner);
  }

  #begin(): void {
    this.#timer.clear();
    if (this.#keeper.move({ type: 'connect' })) this.#open();
  }

  #open(): void {
    this.#run(() => this.#line.open());
  }

  #opened(identity: Identity, connection: Connection): void {
    this.#timer.clear();
    if (this.#keeper.move({ type: 'open', identity, at: this.#now() }))
      this.#deps.traffic.opened(this.owner, connection);
  }

  /** The connection has ended, or could not be made. */
  #lost(given: Verdict): void {
    const before = this.state;
    const connectedMs = before.name === 'connected' ? this.#now() - before.since : 0;
    const verdict = this.#conflicts.weigh(given, connectedMs);
    this.#leave();
    if (!this.#keeper.move({ type: 'closed', verdict, at: this.#now() })) return;
    this.#deps.logger.info({ ...this.owner, code: verdict.code, state: this.state.name }, 'connection ended');
    if (verdict.unlinked) this.#run(() => this.#line.forgetKeys());
    if (this.state.name === 'connecting') this.#run(() => this.#line.reopen(() => this.state.name === 'connecting'));
    else if (this.state.name === 'waiting') this.#scheduleRetry(verdict);
  }

  #scheduleRetry(verdict: Verdict): void {
    const failures = this.state.name === 'waiting' ? this.state.failures : 1;
    const delay = backoffDelay(failures - 1, verdict.next === 'retry-slowly' ? SLOW_RETRY : this.#deps.retry);
    this.#timer.set(delay, () => {
      if (verdict.next !== 'yield') return this.#begin();
      this.#deps.stillOwned(this.owner).then(
        (owned) => (owned ? this.#begin() : this.fence()),
        () => this.#scheduleRetry(verdict),
      );
    });
  }

  /** Detaches from the present connection; the caller closes or cuts it. */
  #leave(): Connection | undefined {
    this.#timer.clear();
    const connection = this.#line.leave();
    if (this.state.name === 'connected') this.#deps.traffic.closed(this.owner);
    return connection;
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

  #now(): number {
    return this.#deps.clock.monotonic();
  }

  /** Runs background work of this actor. What it throws is trouble with the database; an actor that has not begun yet tries again. */
  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (isTerminal(this.state)) return;
      if (error instanceof StaleEpochError) return this.fence();
      this.#deps.logger.warn({ err: error, ...this.owner }, 'session work failed, trying again');
      this.#timer.set(backoffDelay(0, this.#deps.retry), () => {
        if (this.state.name === 'new') this.start();
      });
    });
  }
}
