import type { InputOf, SessionSettings } from '@wa-gate/contracts';
import { isIgnored } from '../inbox/ignored-chats.ts';
import type { Connection } from '../whatsapp/connection.ts';
import type { Arrived } from '../whatsapp/inbound-listener.ts';
import { performOn } from '../whatsapp/operations/index.ts';

type Reference = InputOf<'messages.markRead'>['messages'][number];

export interface AutoReaderDependencies {
  settings: () => SessionSettings;
  connection: () => Connection | undefined;
  onFailure: (error: unknown) => void;
}

/** Milliseconds that a message waits for others: one receipt is for many. */
const LINGER_MS = 300;
/** Messages of one receipt. */
const MOST = 100;

/** Marks what comes as read, for a session that is told to. What is not marked when a connection ends stays unread. */
export class AutoReader {
  readonly #deps: AutoReaderDependencies;
  #waiting: Reference[] = [];

  constructor(deps: AutoReaderDependencies) {
    this.#deps = deps;
  }

  arrived({ message }: Arrived): void {
    const settings = this.#deps.settings();
    const { id, remoteJid, fromMe, participant } = message?.key ?? {};
    // Without content there is nothing that could have been read.
    if (!settings.autoRead || !message?.message || fromMe || !id || !remoteJid || isIgnored(settings, remoteJid))
      return;
    if (!/@(s\.whatsapp\.net|lid|g\.us)$/.test(remoteJid)) return;
    const at = Number(message.messageTimestamp ?? 0);
    this.#waiting.push({ chat: remoteJid, id, fromMe: false, at, ...(participant && { participant }) });
    if (this.#waiting.length === 1) setTimeout(() => void this.#read(), LINGER_MS).unref();
  }

  async #read(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const connection = this.#deps.connection();
    if (!connection) return;
    try {
      for (let n = 0; n < waiting.length; n += MOST) {
        const messages = waiting.slice(n, n + MOST);
        await connection.operate((wa) => performOn('messages.markRead', wa, { messages }));
      }
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }
}
