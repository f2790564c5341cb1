import { Agent } from 'node:https';
import makeWASocket, {
  type AnyMessageContent,
  type AuthenticationState,
  type ConnectionState,
  generateMessageIDV2,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { SandboxClient, SandboxInfo } from '../../harness/sandbox-client.ts';

const TIMEOUT_MS = 30_000;

/**
 * Everything of Baileys' configuration is its default but the server's address; its logger would measure the logger.
 */
const silent = {
  level: 'silent',
  child: () => silent,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function memoryAuth(): AuthenticationState {
  const stored = new Map<string, Map<string, unknown>>();
  const of = (type: string) => {
    const known = stored.get(type) ?? new Map<string, unknown>();
    stored.set(type, known);
    return known;
  };
  return {
    creds: initAuthCreds(),
    keys: {
      get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
        const values = of(type);
        const found: Record<string, SignalDataTypeMap[T]> = {};
        for (const id of ids) if (values.has(id)) found[id] = values.get(id) as SignalDataTypeMap[T];
        return found;
      },
      set: async (data: SignalDataSet) => {
        for (const [type, entries] of Object.entries(data)) {
          const values = of(type);
          for (const [id, value] of Object.entries(entries)) {
            if (value === null || value === undefined) values.delete(id);
            else values.set(id, value);
          }
        }
      },
    },
  };
}

/**
 * A program that uses Baileys directly, with its state in memory: what any gateway on top of Baileys is compared with.
 */
export class RawCompanion {
  private readonly auth: AuthenticationState;
  private readonly onCreds: () => void;
  private readonly awaited = new Map<string, () => void>();
  private readonly server: SandboxInfo;
  private socket: WASocket | undefined;

  /**
   * @param auth where its state is. @default in memory
   * @param onCreds called when the credentials have changed
   */
  constructor(server: SandboxInfo, auth = memoryAuth(), onCreds: () => void = () => undefined) {
    this.server = server;
    this.auth = auth;
    this.onCreds = onCreds;
  }

  /** Links it to the phone by QR code and connects. */
  async pair(sandbox: SandboxClient, number: string): Promise<void> {
    const pairing = this.connect();
    const { qr } = await until(pairing, (update) => update.qr !== undefined);
    const closed = until(pairing, (update) => update.connection === 'close');
    await sandbox.scan(number, qr!);
    await closed;
    this.socket = this.connect();
    await until(this.socket, (update) => update.connection === 'open');
    this.socket.ws.on('CB:ack,class:message', ({ attrs }: { attrs: Record<string, string> }) => {
      this.awaited.get(attrs.id ?? '')?.();
    });
  }

  /** Calls back with every text that comes in, and does nothing else with it. */
  onText(take: (text: string) => void): void {
    this.socket!.ev.on('messages.upsert', ({ messages }) => {
      for (const { message } of messages) {
        const text = message?.conversation ?? message?.extendedTextMessage?.text;
        if (text) take(text);
      }
    });
  }

  /** Waits until a text has come in. */
  async received(text: string): Promise<void> {
    const { ev } = this.socket!;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`"${text}" did not come in`)), TIMEOUT_MS);
      ev.on('messages.upsert', ({ messages }) => {
        if (!messages.some(({ message }) => (message?.conversation ?? message?.extendedTextMessage?.text) === text))
          return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /**
   * Sends and waits for the server's ack, as `?wait=sent` does. The ack may come before the promise of the send
   * resolves.
   */
  send(jid: string, text: string): Promise<void> {
    return this.sendContent(jid, { text });
  }

  /** The same for a file on the disk. */
  sendFile(jid: string, path: string): Promise<void> {
    return this.sendContent(jid, {
      document: { url: path },
      mimetype: 'application/octet-stream',
      fileName: 'load.bin',
    });
  }

  private async sendContent(jid: string, content: AnyMessageContent): Promise<void> {
    const messageId = generateMessageIDV2(this.auth.creds.me?.id);
    const acknowledged = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ack for ${messageId}`)), TIMEOUT_MS);
      this.awaited.set(messageId, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    try {
      await Promise.all([this.socket!.sendMessage(jid, content, { messageId }), acknowledged]);
    } finally {
      this.awaited.delete(messageId);
    }
  }

  async close(): Promise<void> {
    await this.socket?.end(undefined);
  }

  private connect(): WASocket {
    const agent = new Agent({ ca: this.server.caPem });
    const socket = makeWASocket({
      auth: this.auth,
      waWebSocketUrl: this.server.wsUrl,
      agent,
      fetchAgent: agent,
      logger: silent,
    });
    socket.ev.on('creds.update', (update) => {
      Object.assign(this.auth.creds, update);
      this.onCreds();
    });
    return socket;
  }
}

function until(
  socket: WASocket,
  matches: (update: Partial<ConnectionState>) => boolean,
): Promise<Partial<ConnectionState>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the connection did not get there')), TIMEOUT_MS);
    socket.ev.on('connection.update', (update) => {
      if (!matches(update)) return;
      clearTimeout(timer);
      resolve(update);
    });
  });
}
