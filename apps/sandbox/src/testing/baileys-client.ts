import { Agent as HttpsAgent } from 'node:https';
import {
  type BaileysEventMap,
  makeWASocket,
  proto,
  type UserFacingSocketConfig,
  WA_CERT_DETAILS,
  type WASocket,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import { Agent } from 'undici';
import type { SandboxAccess } from '../client/link.ts';
import { createMemoryAuth, type MemoryAuth } from './memory-auth.ts';
import { silenceLibsignal } from './silence-libsignal.ts';
import { until } from './wait.ts';

type EventName = keyof BaileysEventMap;

interface RecordedEvent {
  name: EventName;
  data: unknown;
}

export interface BaileysClientOptions {
  auth?: MemoryAuth;
  config?: Partial<UserFacingSocketConfig>;
}

/**
 * A raw, unmodified Baileys client on a sandbox. It does only what an application must do: stores credentials and
 * reconnects after pairing. It keeps all events, so that a test can wait for one that came early.
 */
export class BaileysClient {
  readonly auth: MemoryAuth;
  readonly events: RecordedEvent[] = [];
  /** The options that media downloads must be given. */
  readonly download: { options: { dispatcher: Agent } };
  readonly #sandbox: SandboxAccess;
  readonly #config: Partial<UserFacingSocketConfig>;
  readonly #tls: HttpsAgent;
  #socket: WASocket | undefined;

  constructor(sandbox: SandboxAccess, options: BaileysClientOptions = {}) {
    silenceLibsignal();
    // rc14 only checks that the signature is 64 bytes long. A version that verifies it needs our root here.
    Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: sandbox.noiseRoot });
    this.auth = options.auth ?? createMemoryAuth();
    this.#sandbox = sandbox;
    this.#config = options.config ?? {};
    this.#tls = new HttpsAgent({ ca: sandbox.caPem });
    this.download = { options: { dispatcher: new Agent({ connect: { ca: sandbox.caPem } }) } };
  }

  get socket(): WASocket {
    if (!this.#socket) throw new Error('the client was never connected');
    return this.#socket;
  }

  get me(): { pn: string; lid: string } {
    const { me } = this.auth.state.creds;
    if (!me?.lid) throw new Error('the client is not linked');
    return { pn: me.id, lid: me.lid };
  }

  /** Opens a socket; returns at once. */
  connect(): WASocket {
    const socket = makeWASocket({
      waWebSocketUrl: this.#sandbox.wsUrl,
      auth: this.auth.state,
      logger: pino({ level: 'silent' }),
      agent: this.#tls,
      fetchAgent: this.#tls,
      options: this.download.options as unknown as RequestInit,
      connectTimeoutMs: 25_000,
      defaultQueryTimeoutMs: 25_000,
      markOnlineOnConnect: true,
      ...this.#config,
    });
    this.#socket = socket;
    socket.ev.process((batch) => {
      if (batch['creds.update']) Object.assign(this.auth.state.creds, batch['creds.update']);
      for (const [name, data] of Object.entries(batch)) this.events.push({ name: name as EventName, data });
    });
    return socket;
  }

  /** Connects and waits until the account is usable. */
  async open(): Promise<WASocket> {
    const mark = this.events.length;
    const socket = this.connect();
    await this.event('connection.update', (update) => update.connection === 'open', mark);
    return socket;
  }

  /** Links to a phone by QR and logs in. */
  async pair(scan: (qr: string) => Promise<unknown>): Promise<WASocket> {
    const mark = this.events.length;
    this.connect();
    const { qr } = await this.event('connection.update', (update) => update.qr !== undefined, mark);
    const closed = this.closed(mark);
    await scan(qr!);
    const code = await closed;
    if (code !== 515) throw new Error(`pairing ended with ${code} instead of 515`);
    return this.open();
  }

  /** Waits for the end of the present connection and returns its status code. */
  async closed(mark: number = this.events.length): Promise<number | undefined> {
    const update = await this.event('connection.update', ({ connection }) => connection === 'close', mark);
    const error = update.lastDisconnect?.error as { output?: { statusCode?: number } } | undefined;
    return error?.output?.statusCode;
  }

  /** Waits for an event since `mark` (an earlier `events.length`); past ones count. */
  async event<T extends EventName>(
    name: T,
    matches: (data: BaileysEventMap[T]) => boolean = () => true,
    mark = 0,
  ): Promise<BaileysEventMap[T]> {
    const found = await until(`event ${name}`, () =>
      this.events.slice(mark).find((event) => event.name === name && matches(event.data as BaileysEventMap[T])),
    );
    return found.data as BaileysEventMap[T];
  }

  /**
   * The statuses of an own message after "pending", in order, without repetitions. Baileys merges updates within about
   * 100 ms of sending into the upsert of the message.
   */
  statuses(id: string): number[] {
    const found: number[] = [];
    const note = (key: { id?: string | null }, status: number | null | undefined): void => {
      if (key.id === id && status && status > 1 && found.at(-1) !== status) found.push(status);
    };
    for (const { name, data } of this.events) {
      if (name === 'messages.upsert') {
        for (const { key, status } of (data as BaileysEventMap['messages.upsert']).messages) note(key, status);
      } else if (name === 'messages.update') {
        for (const { key, update } of data as BaileysEventMap['messages.update']) note(key, update.status);
      }
    }
    return found;
  }

  /**
   * Waits until a message is reported as refused by the server, and returns the parameters (the error code is one).
   * Baileys merges updates within 100 ms of sending into the upsert of the message.
   */
  async refusal(id: string): Promise<readonly string[]> {
    const refused = ({ status }: { status?: number | null }): boolean => status === proto.WebMessageInfo.Status.ERROR;
    return until(`refusal of ${id}`, () => {
      for (const { name, data } of this.events) {
        if (name === 'messages.upsert') {
          const { messages } = data as BaileysEventMap['messages.upsert'];
          const found = messages.find((message) => message.key.id === id && refused(message));
          if (found) return found.messageStubParameters ?? [];
        } else if (name === 'messages.update') {
          const found = (data as BaileysEventMap['messages.update']).find(
            ({ key, update }) => key.id === id && refused(update),
          );
          if (found) return found.update.messageStubParameters ?? [];
        }
      }
      return undefined;
    });
  }

  /** May be called again. */
  async close(): Promise<void> {
    await this.#socket?.end(undefined);
    this.#tls.destroy();
    const { dispatcher } = this.download.options;
    if (!dispatcher.closed && !dispatcher.destroyed) await dispatcher.close();
  }
}
