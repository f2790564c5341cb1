import { clearSessionKeys, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { HistoryDepth, MessageCapping } from '@wa-gate/contracts';
import type { Pool, RecordForm } from '@wa-gate/db';
import { type Clock, type Logger, type SecretBox, UnsealError } from '@wa-gate/kit';
import {
  type ConnectionOutcome,
  forgetRelink,
  historyDepthFor,
  linkedWithHistory,
  type Restriction,
  recordConnection,
  rollBackCandidate,
} from '@wa-gate/messaging';
import { formatVersion } from '../egress/client-version.ts';
import type { Route, Routes } from '../egress/routes.ts';
import { isIgnored } from '../inbox/ignored-chats.ts';
import { type AuthStore, openAuthStore } from '../whatsapp/auth-store.ts';
import { createSocketCaches, type SocketCaches } from '../whatsapp/baileys-caches.ts';
import type { Connection, ConnectionHandlers } from '../whatsapp/connection.ts';
import { ConnectionEndedError, type DisconnectCause } from '../whatsapp/errors.ts';
import type { Identity } from '../whatsapp/identity.ts';
import type { KeyWriter } from '../whatsapp/key-writer.ts';
import type { Liveness, Pulse } from '../whatsapp/liveness.ts';
import { SandboxUnreachableError } from '../whatsapp/network.ts';
import type { PasskeyStep } from '../whatsapp/passkey.ts';
import { connect } from '../whatsapp/socket.ts';
import { STATUS_JID } from '../whatsapp/status-parts.ts';
import { AutoReader } from './auto-reader.ts';
import {
  ANOTHER_ACCOUNT,
  CANDIDATE_REFUSED,
  CLIENT_OUTDATED_CODE,
  CONNECT_TIMED_OUT,
  judgeDisconnect,
  KEYS_LOST,
  KEYS_UNREADABLE,
  staleBySilence,
  unreachable,
  type Verdict,
} from './disconnect.ts';
import { OneTimer } from './one-timer.ts';
import type { SessionTraffic } from './session-traffic.ts';

export interface SessionConnectionDependencies {
  owner: Ownership;
  pool: Pool;
  clock: Clock;
  logger: Logger;
  box: SecretBox;
  recordForm: RecordForm;
  keyWriter: KeyWriter;
  routes: Routes;
  liveness: Liveness;
  traffic: SessionTraffic;
}

/** The callbacks of the present connection; those of an earlier one are dropped. */
export interface ConnectionListener {
  qr(qr: string): void;
  passkey(step: PasskeyStep): void;
  paired(): void;
  opened(identity: Identity, connection: Connection): void;
  /** The connection has ended, or could not be made. `silentMs`: milliseconds since its last frame. */
  lost(verdict: Verdict, silentMs?: number): void;
  restricted(restriction: Restriction | null): void;
  capped(capping: MessageCapping): void;
  /** A write of keys was refused because the session has another owner. */
  fenced(): void;
}

const CONNECT_DEADLINE_MS = 30_000;

/** The link of one session to WhatsApp: its stored keys and, at most, one connection that works with them. */
export class SessionConnection {
  readonly #deps: SessionConnectionDependencies;
  readonly #listener: ConnectionListener;
  /** Outlive a reconnect, not the actor. */
  readonly #caches: SocketCaches = createSocketCaches();
  readonly #deadline = new OneTimer();
  #store: AuthStore | undefined;
  #connection: Connection | undefined;
  #pulse: Pulse | undefined;
  /** The query about the account's standing that has no answer yet. */
  #asked: { connection: Connection; answer: Promise<void> } | undefined;
  readonly #reader: AutoReader;
  /** Counts connections: callbacks of an earlier one are dropped. */
  #generation = 0;
  /** The history of the present link, being written down. */
  #linking: Promise<void> = Promise.resolve();
  /** Keys of a device that is not linked any more, being removed. */
  #forgetting: Promise<void> = Promise.resolve();

  constructor(deps: SessionConnectionDependencies, listener: ConnectionListener) {
    this.#deps = deps;
    this.#listener = listener;
    const { owner, traffic, logger } = deps;
    this.#reader = new AutoReader({
      settings: () => traffic.settings.of(owner.sessionId),
      connection: () => this.#connection,
      onFailure: (err) => logger.warn({ err, ...owner }, 'messages could not be marked as read'),
    });
  }

  get current(): Connection | undefined {
    return this.#connection;
  }

  /** The liveness of the present connection. */
  get pulse(): Pulse | undefined {
    return this.#pulse;
  }

  /** Whether the keys of the session have been read, so that {@link isPaired} says what is true. */
  get isLoaded(): boolean {
    return this.#store !== undefined;
  }

  /** Whether the loaded keys are those of a linked device. */
  get isPaired(): boolean {
    return this.#store?.isPaired() ?? false;
  }

  /** Opens a connection. Its outcome, failures included, goes to the listener. */
  async open(): Promise<void> {
    const generation = ++this.#generation;
    try {
      // Credentials that no phone has linked are not used twice: WhatsApp refuses a half-finished pairing code.
      const store = this.#store?.isPaired() ? this.#store : await this.#openStore();
      const route = await this.#deps.routes.of(this.#deps.owner.sessionId);
      await this.#linking;
      const history = await historyDepthFor(this.#deps.pool, this.#deps.owner.sessionId, {
        isLinked: store.isPaired(),
      });
      if (generation !== this.#generation) return;
      this.#store = store;
      const { owner, logger } = this.#deps;
      const handlers = this.#handlers(generation, this.#watch(), route, history.asks);
      this.#connection = connect({
        sessionId: owner.sessionId,
        route,
        store,
        caches: this.#caches,
        logger,
        handlers,
        history,
      });
      this.#deadline.set(CONNECT_DEADLINE_MS, () => this.drop(CONNECT_TIMED_OUT));
    } catch (error) {
      if (generation === this.#generation) this.#listener.lost(judgeOpening(error));
    }
  }

  /** Opens again with the same keys, after its changes are durable and if `wanted` still holds. */
  async reopen(wanted: () => boolean): Promise<void> {
    const generation = this.#generation;
    await this.#store?.flush();
    if (generation === this.#generation && wanted()) await this.open();
  }

  /** Detaches the present connection and returns it; the caller closes or cuts it. */
  leave(): Connection | undefined {
    const connection = this.#connection;
    this.#generation += 1;
    this.#connection = undefined;
    this.#pulse?.end();
    this.#pulse = undefined;
    this.#deadline.clear();
    return connection;
  }

  /** Cuts the present connection and reports it as lost. `silentMs`: since its last frame. */
  drop(verdict: Verdict, silentMs = 0): void {
    if (!this.#connection) return;
    this.#connection.terminate();
    this.#listener.lost(verdict, silentMs);
  }

  /** Queries WhatsApp whether the account may begin new chats. Concurrent calls share one query. */
  async askTimeLock(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    if (this.#asked?.connection !== connection) {
      const answer = connection.askTimeLock().finally(() => {
        if (this.#asked?.answer === answer) this.#asked = undefined;
      });
      this.#asked = { connection, answer };
    }
    await this.#asked.answer;
  }

  #watch(): Pulse {
    this.#pulse = this.#deps.liveness.watch({
      owner: this.#deps.owner,
      ping: async () => this.#connection?.ping(),
      onStale: (silentMs) => this.drop(staleBySilence(this.isPaired), silentMs),
    });
    return this.#pulse;
  }

  /** Resolves when changed credentials are durable. */
  async flush(): Promise<void> {
    await this.#store?.flush();
  }

  /** The next connection reads its keys from the database. */
  dropKeys(): void {
    this.#store = undefined;
  }

  /** Removes the keys of a device that is not linked any more. */
  forgetKeys(): Promise<void> {
    const { pool, keyWriter, owner } = this.#deps;
    const store = this.#store;
    this.#store = undefined;
    const removal = (async () => {
      store?.close();
      await keyWriter.idle(owner.sessionId);
      await clearSessionKeys(pool, owner);
    })();
    // The next opening of the store waits for this; the caller handles the failure.
    this.#forgetting = removal.catch(() => undefined);
    return removal;
  }

  async #openStore(): Promise<AuthStore> {
    await this.#forgetting;
    const { keyWriter: writer, ...deps } = this.#deps;
    return openAuthStore({ ...deps, writer, onFailure: (error) => this.#storeFailed(error) });
  }

  /** Synchronous up to the cut, so that this socket sends nothing more. */
  #storeFailed(error: Error): void {
    this.#connection?.terminate();
    this.#store = undefined;
    const { logger, owner } = this.#deps;
    logger.warn({ err: error, ...owner }, 'session keys could not be read or written, connection cut');
    if (error instanceof StaleEpochError) this.#listener.fenced();
    else this.#listener.lost(error instanceof UnsealError ? KEYS_UNREADABLE : KEYS_LOST);
  }

  /** A phone has linked this device: maybe that of another account, which knows other groups. */
  async #linked(asked: HistoryDepth): Promise<void> {
    const { pool, owner, traffic, logger } = this.#deps;
    await linkedWithHistory(pool, owner, asked).catch((err: unknown) =>
      logger.warn({ err, ...owner }, 'history of the new link not written down: it is not taken in'),
    );
    await traffic.groups
      .doubted(owner)
      .catch((err: unknown) => logger.warn({ err, ...owner }, 'groups of the former link not marked as doubtful'));
  }

  /** The account has logged in. Another one than the session is to be linked to again is unlinked. */
  #opened(identity: Identity, route: Route): void {
    const { owner, pool, traffic } = this.#deps;
    const { relinkNumber, clientVersion, refusedVersion, hasProxyError, hasAcceptedCandidate } = route.plan;
    if (relinkNumber !== null && relinkNumber !== identity.phoneNumber) return void this.#refuseAccount();
    traffic.contacts.add(ownFacts(identity).map((fact) => ({ ...owner, ...fact })));
    const version = formatVersion(route.version);
    const isNews = clientVersion !== version || refusedVersion === version || hasProxyError;
    const isFirstOfTrial = route.isCandidate && !hasAcceptedCandidate;
    if (isNews || isFirstOfTrial || route.usesProxy)
      void this.#record({ kind: 'opened', version, usedProxy: route.usesProxy });
    if (relinkNumber !== null) void this.#write(() => forgetRelink(pool, owner));
    if (this.#connection) this.#listener.opened(identity, this.#connection);
  }

  async #refuseAccount(): Promise<void> {
    const { logger, owner } = this.#deps;
    const connection = this.leave();
    const generation = this.#generation;
    await connection?.logout().catch((error: unknown) => {
      logger.warn({ err: error, ...owner }, 'WhatsApp could not be told about the logout');
    });
    if (generation === this.#generation) this.#listener.lost(ANOTHER_ACCOUNT);
  }

  #closed(cause: DisconnectCause, route: Route): void {
    const verdict = judgeDisconnect(cause, this.isPaired);
    if (cause.proxy !== undefined) void this.#record({ kind: 'proxy failed', words: cause.proxy });
    if (verdict.code === CLIENT_OUTDATED_CODE) this.#versionRefused(verdict, route);
    else this.#listener.lost(verdict);
  }

  /** The next attempt reads what is recorded here: it begins after that. */
  #versionRefused(verdict: Verdict, { version: tried, isCandidate, plan }: Route): void {
    const { pool, logger, owner } = this.#deps;
    const generation = this.#generation;
    const version = formatVersion(tried);
    const tell = async () => {
      await this.#record({ kind: 'version refused', version });
      logger.error({ ...owner, version, isCandidate }, 'WhatsApp does not accept this version of its client');
      if (isCandidate && (await rollBackCandidate(pool, plan.network, version)))
        logger.error({ version, network: plan.network }, 'the trial of a version of the client is over, rolled back');
    };
    tell()
      .catch((error: unknown) => logger.warn({ err: error, ...owner }, 'refused version not recorded'))
      .finally(() => {
        if (generation === this.#generation) this.#listener.lost(isCandidate ? CANDIDATE_REFUSED : verdict);
      });
  }

  #record(outcome: ConnectionOutcome): Promise<void> {
    const { pool, owner } = this.#deps;
    return this.#write(() => recordConnection(pool, owner, outcome));
  }

  /** The session goes on without what is recorded about its connections. */
  async #write(work: () => Promise<void>): Promise<void> {
    const { logger, owner } = this.#deps;
    await work().catch((error: unknown) => {
      if (error instanceof StaleEpochError) this.#listener.fenced();
      else logger.warn({ err: error, ...owner }, 'how the session connects was not recorded');
    });
  }

  #handlers(generation: number, pulse: Pulse, route: Route, asked: HistoryDepth): ConnectionHandlers {
    const { traffic, owner } = this.#deps;
    const listener = this.#listener;
    const current = <A extends unknown[]>(handle: (...args: A) => void) => {
      return (...args: A): void => {
        if (generation === this.#generation) handle(...args);
      };
    };
    // WhatsApp gets no confirmation from a connection that was left: it tells what it has told there again.
    const assertCurrent = () => {
      if (generation !== this.#generation) throw new ConnectionEndedError();
    };
    return {
      frame: () => pulse.beat(),
      qr: current((qr) => {
        this.#deadline.clear();
        listener.qr(qr);
      }),
      passkey: current((step) => listener.passkey(step)),
      paired: current(() => {
        // WhatsApp closes and expects a login. Without the close the device is linked too, and a login completes it.
        this.#deadline.set(CONNECT_DEADLINE_MS, () => this.drop(CONNECT_TIMED_OUT));
        this.#linking = this.#linked(asked);
        listener.paired();
      }),
      open: current((identity) => {
        this.#deadline.clear();
        this.#opened(identity, route);
      }),
      closed: current((cause) => this.#closed(cause, route)),
      acknowledged: current((ack) => traffic.outbox.acknowledged(owner, ack)),
      receipts: current((receipts) => traffic.outbox.receipts(owner, receipts)),
      history: current((notice, journal) => void traffic.history.accept(owner, notice, journal)),
      arrived: current((arrived, identity, numberOf) => {
        traffic.inbox.accept(owner, arrived, identity, numberOf);
        this.#reader.arrived(arrived);
      }),
      called: async (news, reject) => {
        assertCurrent();
        await traffic.calls.hear(owner, news, reject);
      },
      noticed: async (event) => {
        assertCurrent();
        await traffic.contacts.happened({ ...owner, ...event });
        // A stale owner has stored nothing, and has left the connection.
        assertCurrent();
      },
      tellsReading: () => traffic.settings.of(owner.sessionId).readReceipts,
      takesStatusUpdates: () => !isIgnored(traffic.settings.of(owner.sessionId), STATUS_JID),
      met: (fact) => traffic.contacts.tell({ ...owner, ...fact }),
      knownGroup: (jid) => traffic.groups.known(owner, jid),
      groupsDescribed: (groups, isAll) => traffic.groups.described(owner, groups, isAll),
      groupGone: (jid) => traffic.groups.gone(owner, jid),
      groupsDoubted: async () => {
        assertCurrent();
        await traffic.groups.doubted(owner);
      },
      groupNoticed: async (notice, { jid, lid }) => {
        assertCurrent();
        await traffic.groups.noticed(owner, notice, { jid, ...(lid && { altJid: lid }) });
      },
      told: current((facts) => traffic.contacts.add(facts.map((fact) => ({ ...owner, ...fact })))),
      restricted: current((restriction) => listener.restricted(restriction)),
      capped: current((capping) => listener.capped(capping)),
      presence: current((data) => traffic.live.tell(owner, { type: 'presence.update', data })),
      wantsEngineEvents: () => traffic.settings.of(owner.sessionId).engineEvents,
      engineEvent: current((data) => traffic.live.tell(owner, { type: 'engine.event', data })),
      fileAnswered: current((answer) => traffic.downloads.answered(owner, answer)),
      readElsewhere: current((read) => traffic.chats.read({ ...owner, ...read })),
      settingsProgress: (account) => traffic.chats.progress(owner, account),
      settingsRead: (page) => traffic.chats.store(owner, page),
      settingsLabels: () => traffic.chats.labels(owner),
      sentMessage: (waMessageId) => traffic.outbox.sentMessage(owner, waMessageId),
    };
  }
}

/** The account is a person, too. */
const ownFacts = ({ jid, lid, pushName }: Identity) => [
  { jid, altJid: lid, ...(pushName ? { names: { push: pushName } } : {}), at: new Date() },
];

function judgeOpening(error: unknown): Verdict {
  if (error instanceof UnsealError) return KEYS_UNREADABLE;
  if (error instanceof SandboxUnreachableError) return unreachable('sandbox/unreachable');
  return KEYS_LOST;
}
