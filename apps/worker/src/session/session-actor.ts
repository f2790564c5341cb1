import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { ConnectedAccount, ConnectionHealth, ConnectionOperationName, InputOf } from '@wa-gate/contracts';
import type { EgressProxy } from '@wa-gate/egress';
import { backoffDelay } from '@wa-gate/kit';
import { type ProxyTrial, tryProxy } from '../egress/proxy-trial.ts';
import type { HistoryLink } from '../history/history-intake.ts';
import type { Connection } from '../whatsapp/connection.ts';
import type { OlderMessages } from '../whatsapp/history-request.ts';
import type { Identity } from '../whatsapp/identity.ts';
import type { LostFile } from '../whatsapp/media-retry.ts';
import { describeAccount } from './account.ts';
import { AccountLimits } from './account-limits.ts';
import type { RecycleReason, SessionActorDependencies } from './actor-ports.ts';
import { AlwaysOnline } from './always-online.ts';
import {
  FORGOTTEN_BY_API,
  LOGGED_OUT_BY_API,
  RESTARTED_BY_API,
  STALE_CODES,
  staleByMessage,
  type Verdict,
} from './disconnect.ts';
import { assertAlive } from './errors.ts';
import { measureHealth } from './health.ts';
import { Pairing } from './pairing.ts';
import { perform } from './perform.ts';
import { QueryBudget } from './query-budget.ts';
import { Reconnecting } from './reconnecting.ts';
import { RepeatedVerdicts } from './repeated-verdicts.ts';
import { SessionConnection } from './session-connection.ts';
import { readSessionMemory } from './session-row.ts';
import { arrivalEvents } from './state-events.ts';
import { StateKeeper } from './state-keeper.ts';
import { StatusWriter } from './status-writer.ts';
import { type ActorState, isTerminal } from './transition.ts';

const LOGOUT_WAIT_MS = 5_000;
/** Queries that a request for older messages counts as. */
const HISTORY_COST = 2;

/** Runs one session on its owner: keeps it connected, writes its state and publishes its events. */
export class SessionActor {
  readonly owner: Ownership;
  readonly #deps: SessionActorDependencies;
  readonly #status: StatusWriter;
  readonly #keeper: StateKeeper;
  readonly #connection: SessionConnection;
  readonly #pairing: Pairing;
  readonly #limits: AccountLimits;
  readonly #repeated = new RepeatedVerdicts();
  readonly #reconnecting: Reconnecting;
  readonly #budget: QueryBudget;
  readonly #online: AlwaysOnline;
  #recycles = 0;
  /** Monotonic, ms: when the present attempt to connect began. */
  #attemptSince = 0;

  constructor(deps: SessionActorDependencies) {
    this.#deps = deps;
    this.owner = deps.owner;
    this.#budget = new QueryBudget(deps.clock);
    this.#status = new StatusWriter({ ...deps, onStale: () => this.fence() });
    this.#keeper = new StateKeeper(this.#status, arrivalEvents(deps.owner, deps.arrival.reason));
    this.#limits = new AccountLimits(this.#keeper, deps.clock);
    this.#connection = new SessionConnection(deps, {
      qr: (qr) => {
        deps.onStep?.({ name: 'code' });
        this.#pairing.show(qr);
      },
      passkey: (step) => {
        deps.onStep?.({ name: 'passkey' });
        this.#keeper.move({ type: 'passkey', step });
      },
      paired: () => {
        deps.onStep?.({ name: 'linked' });
        this.#keeper.move({ type: 'paired' });
      },
      opened: (identity, connection) => this.#opened(identity, connection),
      lost: (verdict, silentMs) => this.#lost(verdict, silentMs),
      restricted: (restriction) => this.#limits.restrict(restriction),
      capped: (capping) => this.#limits.cap(capping),
      fenced: () => this.fence(),
    });
    this.#online = new AlwaysOnline({
      isWanted: () => deps.traffic.settings.of(deps.owner.sessionId).alwaysOnline,
      connection: () => this.#connection.current,
      onFailure: (err) => deps.logger.info({ err, ...deps.owner }, 'account not shown online yet, trying again'),
    });
    this.#reconnecting = new Reconnecting({
      ...deps,
      stillOwned: () => deps.stillOwned(this.owner),
      begin: () => this.#begin(),
      fence: () => this.fence(),
    });
    this.#pairing = new Pairing({
      keeper: this.#keeper,
      connection: this.#connection,
      clock: deps.clock,
      begin: () => this.#begin(),
      restart: () => this.restart(),
    });
  }

  get state(): ActorState {
    return this.#keeper.state;
  }

  /** The health of the connection, measured by its frames. */
  get health(): ConnectionHealth {
    const recycles = this.#recycles;
    return measureHealth({ state: this.state, pulse: this.#connection.pulse, recycles, clock: this.#deps.clock });
  }

  /** The connected account and its limits; `undefined` while it is not connected. */
  get account(): ConnectedAccount | undefined {
    if (this.state.name !== 'connected') return undefined;
    const { connectedSince, lastFrameAt } = this.health;
    const { restriction, capping } = this.#limits;
    return describeAccount(this.state.identity, { connectedSince, lastFrameAt, restriction, capping });
  }

  /** The settings of the session are others than before. */
  settingsChanged(): void {
    if (this.state.name === 'connected') this.#online.show();
  }

  /** Ends what has expired, such as a time-lock. Called once a minute. */
  review(): void {
    // The name of the account, without which nobody is shown online, may have come meanwhile.
    this.settingsChanged();
    if (!isTerminal(this.state)) this.#limits.review();
  }

  /** Connects, unless the session is parked by an earlier verdict. */
  start(): void {
    this.#run(async () => {
      const { parked, restriction, capping, settings } = await readSessionMemory(this.#deps.pool, this.owner.sessionId);
      this.#deps.traffic.settings.learn(this.owner.sessionId, settings);
      this.#limits.restore(restriction, capping);
      if (parked) {
        this.#keeper.restore({ state: parked.state, reason: parked.reason, code: parked.code });
        this.#keeper.move({ type: 'park', verdict: parked });
      } else {
        this.#begin();
      }
    });
  }

  /** Closes without a logout. Afterwards this actor neither runs nor writes. */
  async stop(): Promise<void> {
    if (isTerminal(this.state)) return;
    const connection = this.#leave();
    this.#keeper.move({ type: 'stop' });
    await connection?.close();
    await this.#connection.flush();
    await this.#status.flush();
    this.#status.end();
  }

  /** The lease has ended (I3): cuts the connection synchronously and writes nothing. A stop in progress ends, too. */
  cut(): void {
    this.#status.end();
    this.#leave()?.terminate();
    this.#keeper.move({ type: 'stop' });
    this.#connection.dropKeys();
  }

  /** The QR code to scan. Starts pairing when the session is not linked; waits up to `waitMs` for the first code. */
  qr(waitMs: number): Promise<{ qr: string; attempt: number; expiresAt: Date }> {
    return this.#pairing.qr(waitMs);
  }

  /** Calls `listener` after every change of the state, until the returned function is called. */
  watch(listener: () => void): () => void {
    return this.#keeper.watch(listener);
  }

  /** A code to enter on the phone with this number. */
  pairingCode(digits: string): Promise<{ code: string; expiresAt: Date }> {
    return this.#pairing.code(digits);
  }

  /**
   * Runs an operation on the connection to WhatsApp.
   *
   * @param callId names the call of the gateway, the same when it is made again
   * @throws {SessionRefusal}
   */
  perform<N extends ConnectionOperationName>(name: N, input: InputOf<N>, callId?: string): Promise<unknown> {
    const { isPaired, isLoaded, current: connection } = this.#connection;
    const known = isLoaded ? isPaired : undefined;
    return perform(name, input, { state: this.state, isPaired: known, connection, budget: this.#budget, callId });
  }

  /**
   * Tries a way to WhatsApp through a proxy, beside the connection that there is. `undefined`: through the proxy that
   * the session uses. `null`: it uses none.
   */
  async tryProxy(proxy: EgressProxy | undefined): Promise<(ProxyTrial & { address: string | null }) | null> {
    const trial = await this.#deps.routes.trial(this.owner.sessionId, proxy);
    return trial && { ...(await tryProxy(trial.endpoint)), address: trial.address };
  }

  /** Opens a new connection from the stored keys, also for a parked session. */
  async restart(): Promise<void> {
    assertAlive(this.state);
    const connection = this.#leave();
    await connection?.close();
    await this.#connection.flush();
    this.#connection.dropKeys();
    this.#repeated.forget();
    if (this.#keeper.move({ type: 'closed', verdict: RESTARTED_BY_API, at: this.#now() })) this.#open();
    else this.#begin();
  }

  /** Unlinks the device and removes its keys. Returns whether WhatsApp was told. */
  async logout(): Promise<boolean> {
    assertAlive(this.state);
    if (this.state.name === 'parked' && this.state.verdict.state === 'LOGGED_OUT') return false;
    // A connection that is about to open can still unlink the device.
    if (this.state.name === 'connecting')
      await this.#keeper.until((state) => state.name !== 'connecting', LOGOUT_WAIT_MS);
    assertAlive(this.state);
    const connected = this.state.name === 'connected';
    const linked = this.#connection.isPaired;
    const connection = this.#leave();
    const unlinked = connected && connection !== undefined && (await this.#unlink(connection));
    if (!unlinked) await connection?.close();
    await this.#forgetDevice();
    this.#keeper.move({ type: 'park', verdict: linked && !unlinked ? FORGOTTEN_BY_API : LOGGED_OUT_BY_API });
    await this.#status.flush();
    return unlinked;
  }

  /**
   * A message was refused because it would begin a chat. Queries the limits of the account; resolves when they are in
   * the database.
   */
  async refusedReachout(): Promise<void> {
    await this.#connection.askTimeLock();
    await this.#status.flush();
  }

  /**
   * Asks the account's phone to upload a file again; the answer goes to the downloads. `false`: there is no connection
   * now.
   */
  async askForFile(file: LostFile): Promise<boolean> {
    const connection = this.#connection.current;
    if (this.state.name !== 'connected' || !connection) return false;
    await connection.askForFile(file);
    return true;
  }

  /**
   * Asks the account's phone for messages of a chat from before one that is known; the answer goes to the history.
   * `false`: there is no connection now, or the session has asked WhatsApp often enough.
   */
  async askForHistory(request: OlderMessages): Promise<boolean> {
    const connection = this.#connection.current;
    if (this.state.name !== 'connected' || !connection || this.#budget.take(HISTORY_COST) > 0) return false;
    await connection.askForHistory(request);
    return true;
  }

  /** The connection for its history; `null`: there is none now. */
  get historyLink(): HistoryLink | null {
    const connection = this.#connection.current;
    if (this.state.name !== 'connected' || !connection) return null;
    return { own: this.state.identity, learn: (learnt) => connection.learn(learnt) };
  }

  /** Cuts a connection that did not acknowledge a message. It is opened again. */
  dropConnection(): void {
    this.#connection.drop(staleByMessage(this.#connection.isPaired));
  }

  /** A write was refused because the session has another owner. Terminal (I7): no logout, no write, no retry. */
  fence(): void {
    if (isTerminal(this.state)) return;
    const connection = this.#leave();
    connection?.terminate();
    this.#keeper.move({ type: 'fenced' });
    this.#status.end();
    this.#connection.dropKeys();
    this.#deps.logger.warn(this.owner, 'session belongs to another owner, actor ended');
    this.#deps.onFenced(this.owner);
  }

  #begin(): void {
    this.#reconnecting.cancel();
    if (this.#keeper.move({ type: 'connect' })) this.#open();
  }

  #open(): void {
    this.#attemptSince = this.#now();
    this.#run(() => this.#connection.open());
  }

  #opened(identity: Identity, connection: Connection): void {
    this.#reconnecting.cancel();
    if (this.state.name === 'connecting') {
      this.#deps.onStep?.({ name: 'opened', afterMs: this.#now() - this.#attemptSince });
    }
    if (!this.#keeper.move({ type: 'open', identity, at: this.#now() })) return;
    this.#deps.traffic.outbox.opened(this.owner, connection);
    this.#online.opened();
  }

  /** Handles a connection that ended or could not be made. `silentMs`: milliseconds since its last frame. */
  #lost(given: Verdict, silentMs = 0): void {
    const before = this.state;
    const goodUntil = this.#now() - silentMs;
    const verdict = this.#repeated.weigh(given, before.name === 'connected' ? goodUntil - before.since : 0);
    this.#leave();
    if (!this.#keeper.move({ type: 'closed', verdict, at: goodUntil })) return;
    this.#deps.logger.info({ ...this.owner, code: verdict.code, state: this.state.name }, 'connection ended');
    this.#deps.onStep?.({ name: 'closed', code: verdict.code });
    const recycled = recycleReason(verdict);
    if (recycled) {
      this.#recycles += 1;
      this.#deps.onRecycled(recycled);
    }
    if (verdict.unlinked) this.#run(() => this.#forgetDevice());
    if (this.state.name === 'connecting') this.#reconnecting.inTurn(() => this.#reopen());
    else if (this.state.name === 'waiting') this.#reconnecting.plan(verdict, this.state.failures);
  }

  #reopen(): void {
    this.#attemptSince = this.#now();
    this.#run(() => this.#connection.reopen(() => this.state.name === 'connecting'));
  }

  /** Detaches the present connection and returns it; the caller closes or cuts it. */
  #leave(): Connection | undefined {
    this.#reconnecting.cancel();
    const connection = this.#connection.leave();
    if (this.state.name === 'connected') this.#deps.traffic.outbox.closed(this.owner);
    return connection;
  }

  /** Removes the keys and the limits of the account, so that the next account starts without them. */
  #forgetDevice(): Promise<void> {
    this.#limits.restore(null, null);
    return this.#connection.forgetKeys();
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

  /**
   * Runs background work of this actor. Its errors are failures of the database; an actor that has not started yet
   * retries.
   */
  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (isTerminal(this.state)) return;
      if (error instanceof StaleEpochError) return this.fence();
      this.#deps.logger.warn({ err: error, ...this.owner }, 'session work failed, trying again');
      this.#reconnecting.in(backoffDelay(0, this.#deps.retry), () => {
        if (this.state.name === 'new') this.start();
      });
    });
  }
}

function recycleReason({ code }: Verdict): RecycleReason | null {
  if (code === STALE_CODES.silent) return 'silent';
  return code === STALE_CODES.unacknowledged ? 'unacknowledged' : null;
}
