import { type Acceptance, NotAcceptedError } from '../whatsapp/acceptance.ts';
import type { Connection, OutgoingMessage } from '../whatsapp/connection.ts';
import type { MediaConnection } from '../whatsapp/media-connection.ts';

/** A connection whose other end is the test: it decides what is relayed and acknowledged, and when. */
export class FakeConnection implements Connection {
  /** The messages for Baileys, in order. */
  readonly relayed: OutgoingMessage[] = [];
  /** What it takes to reach the chats of the next sends. */
  beforeRelay: () => Promise<void> = async () => undefined;
  /** What the next sends wait for after their relay. */
  afterRelay: () => Promise<void> = async () => undefined;
  /** What the ratchet steps of an offered message do. */
  accept: (acceptance: Acceptance) => Promise<void> = async () => {
    throw new NotAcceptedError('Nothing accepts here.');
  };
  onRelayed: (message: OutgoingMessage) => void = () => undefined;

  /** The timer of all groups, in seconds. */
  groupTimer = 0;

  get ids(): string[] {
    return this.relayed.map(({ waMessageId }) => waMessageId);
  }

  async chat(chatJid: string) {
    const names = { own: '1000@s.whatsapp.net', nameOf: (jid: string) => jid };
    return chatJid.endsWith('@g.us') ? { ...names, expiresInSeconds: this.groupTimer } : names;
  }

  /** Chats that are asked for, and what they are called then. */
  readonly strangers = new Map<string, () => Promise<string>>();

  reached(chatJid: string): string | undefined {
    return this.strangers.has(chatJid) ? undefined : chatJid;
  }

  async reach(chatJid: string): Promise<string> {
    const ask = this.strangers.get(chatJid);
    if (ask) return await ask();
    await this.beforeRelay();
    return chatJid;
  }

  async send(message: OutgoingMessage): Promise<void> {
    if (message.acceptance) await this.accept(message.acceptance);
    this.relayed.push(message);
    this.onRelayed(message);
    await this.afterRelay();
  }

  operate = async (): Promise<never> => {
    throw new Error('There is no socket here.');
  };
  mediaConnection = async (): Promise<MediaConnection> => ({ hosts: [], auth: '', ttl: 300 });
  readonly mediaDispatcher = undefined;
  requestPairingCode = async (): Promise<string> => '';
  askForHistory = async (): Promise<void> => undefined;
  askForFile = async (): Promise<void> => undefined;
  learn = async (): Promise<void> => undefined;
  ping = async (): Promise<void> => undefined;
  askTimeLock = async (): Promise<void> => undefined;
  logout = async (): Promise<void> => undefined;
  close = async (): Promise<void> => undefined;
  terminate = (): void => undefined;
}
