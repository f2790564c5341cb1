import { clearSessionKeys, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { MessageCapping } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { type Clock, type Logger, type SecretBox, UnsealError } from '@wa-gate/kit';
import type { Restriction } from '@wa-gate/messaging';
import { type AuthStore, openAuthStore } from '../whatsapp/auth-store.ts';
import { createSocketCaches, type SocketCaches } from '../whatsapp/baileys-caches.ts';
import type { KeyWriter } from '../whatsapp/key-writer.ts';
import type { Liveness, Pulse } from '../whatsapp/liveness.ts';
import { SandboxUnreachableError, type WhatsAppNetwork } from '../whatsapp/network.ts';
import type { PasskeyStep } from '../whatsapp/passkey.ts';
import { type Connection, type ConnectionHandlers, connect, type Identity } from '../whatsapp/socket.ts';
import {
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
  keyWriter: KeyWriter;
  network: WhatsAppNetwork;
  liveness: Liveness;
  traffic: SessionTraffic;
}

/** What a connection tells its actor; only the present connection is heard. */
export interface ConnectionListener {
  qr(qr: string): void;
  passkey(step: PasskeyStep): void;
  paired(): void;
  opened(identity: Identity, connection: Connection): void;
  /** The connection has ended, or could not be made. It was good until so many milliseconds ago. */
  lost(verdict: Verdict, silentMs?: number): void;
  restricted(restriction: Restriction | null): void;
  capped(capping: MessageCapping): void;
  /** A write of keys was refused: somebody else owns the session. */
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
  /** A question about the account's standing that has no answer yet. */
  #asked: { connection: Connection; answer: Promise<void> } | undefined;
  /** Counts connections; what an earlier one still says is not heard. */
  #life = 0;
  /** Keys of a device that is not linked any more, being removed. */
  #forgetting: Promise<void> = Promise.resolve();

  constructor(deps: SessionConnectionDependencies, listener: ConnectionListener) {
    this.#deps = deps;
    this.#listener = listener;
  }

  get current(): Connection | undefined {
    return this.#connection;
  }

  /** Signs of life of the present connection. */
  get pulse(): Pulse | undefined {
    return this.#pulse;
  }

  /** Whether the keys at hand are those of a linked device. */
  get isPaired(): boolean {
    return this.#store?.isPaired() ?? false;
  }

  /** Opens a connection; everything that happens is told to the listener. */
  async open(): Promise<void> {
    const life = ++this.#life;
    try {
      // Credentials that no phone has linked are not used twice: WhatsApp refuses a half-finished pairing code.
      const store = this.#store?.isPaired() ? this.#store : await this.#openStore();
      const endpoint = await this.#deps.network.endpoint();
      if (life !== this.#life) return;
      this.#store = store;
      const { owner, logger } = this.#deps;
      const handlers = this.#handlers(life, this.#watch());
      this.#connection = connect({
        sessionId: owner.sessionId,
        endpoint,
        store,
        caches: this.#caches,
        logger,
        handlers,
      });
      this.#deadline.set(CONNECT_DEADLINE_MS, () => this.drop(CONNECT_TIMED_OUT));
    } catch (error) {
      if (life === this.#life) this.#listener.lost(judgeOpening(error));
    }
  }

  /** Opens again with the same keys, once what the connection before has changed is durable. `wanted` is asked then. */
  async reopen(wanted: () => boolean): Promise<void> {
    const life = this.#life;
    await this.#store?.flush();
    if (life === this.#life && wanted()) await this.open();
  }

  /** Detaches from the present connection, whatever it still says; the caller closes or cuts it. */
  leave(): Connection | undefined {
    const connection = this.#connection;
    this.#life += 1;
    this.#connection = undefined;
    this.#pulse?.end();
    this.#pulse = undefined;
    this.#deadline.clear();
    return connection;
  }

  /** Cuts a connection that is of no use any more. */
  drop(verdict: Verdict, silentMs = 0): void {
    if (!this.#connection) return;
    this.#connection.terminate();
    this.#listener.lost(verdict, silentMs);
  }

  /** Has WhatsApp say whether the account may begin new chats; a burst of calls asks once. */
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
      await keyWriter.idle();
      await clearSessionKeys(pool, owner);
    })();
    // Whoever opens the store next waits for this; that it failed is the caller's to handle.
    this.#forgetting = removal.catch(() => undefined);
    return removal;
  }

  async #openStore(): Promise<AuthStore> {
    await this.#forgetting;
    const { pool, keyWriter: writer, box, clock, owner } = this.#deps;
    return openAuthStore({ pool, writer, box, clock, owner, onFailure: (error) => this.#storeFailed(error) });
  }

  /** Synchronous up to the cut: nothing may leave this socket any more. */
  #storeFailed(error: Error): void {
    this.#connection?.terminate();
    this.#store = undefined;
    const { logger, owner } = this.#deps;
    logger.warn({ err: error, ...owner }, 'session keys could not be read or written, connection cut');
    if (error instanceof StaleEpochError) this.#listener.fenced();
    else this.#listener.lost(error instanceof UnsealError ? KEYS_UNREADABLE : KEYS_LOST);
  }

  #handlers(life: number, pulse: Pulse): ConnectionHandlers {
    const { traffic, owner } = this.#deps;
    const listener = this.#listener;
    const current = <A extends unknown[]>(handle: (...args: A) => void) => {
      return (...args: A): void => {
        if (life === this.#life) handle(...args);
      };
    };
    return {
      frame: () => pulse.beat(),
      qr: current((qr) => {
        this.#deadline.clear();
        listener.qr(qr);
      }),
      passkey: current((step) => listener.passkey(step)),
      paired: current(() => {
        // What follows is WhatsApp's part; without it the link is there all the same, and a login ends it well.
        this.#deadline.set(CONNECT_DEADLINE_MS, () => this.drop(CONNECT_TIMED_OUT));
        listener.paired();
      }),
      open: current((identity) => {
        this.#deadline.clear();
        if (this.#connection) listener.opened(identity, this.#connection);
      }),
      closed: current((cause) => listener.lost(judgeDisconnect(cause, this.isPaired))),
      acknowledged: current((ack) => traffic.acknowledged(owner, ack)),
      receipts: current((receipts) => traffic.receipts(owner, receipts)),
      arrived: current((arrived, identity) => traffic.arrived(owner, arrived, identity)),
      restricted: current((restriction) => listener.restricted(restriction)),
      capped: current((capping) => listener.capped(capping)),
      sentMessage: (waMessageId) => traffic.sentMessage(owner, waMessageId),
    };
  }
}

function judgeOpening(error: unknown): Verdict {
  if (error instanceof UnsealError) return KEYS_UNREADABLE;
  if (error instanceof SandboxUnreachableError) return unreachable('sandbox/unreachable');
  return KEYS_LOST;
}
