import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type BinaryNode, buildAckStanza, type WASocket } from './baileys.ts';

type Handler = (node: BinaryNode) => unknown;
type Send = (data: unknown, ...rest: unknown[]) => void;

/** The socket of Baileys as its emitter, with the WebSocket below it. */
interface Emitter {
  socket: { send: Send } | null;
  listeners(event: string): Handler[];
  removeAllListeners(event: string): void;
  on(event: string, listener: (...args: never[]) => void): void;
}

export interface ConfirmationsOptions {
  /** Whether everything that the receipt says is told. The others are left to Baileys. */
  isTold: (node: BinaryNode) => boolean;
  /** How long a confirmation may wait for another stanza. @default 250 */
  withinMs?: number;
}

export interface Confirmations {
  /** Sends what waits. Call it before the connection is closed. */
  flush(): void;
  /** The connection has ended: WhatsApp sends again what is not confirmed. */
  drop(): void;
}

const WITHIN_MS = 250;
const MAX_WAITING = 32;

/**
 * Confirms receipts to WhatsApp in place of Baileys, which writes a frame for each and makes an event that nobody
 * reads. A confirmation leaves with the next stanza of its connection, in one write, or by itself after a moment.
 * Call it before any other listener for receipts is added.
 */
export function confirmTogether(sock: WASocket, options: ConfirmationsOptions): Confirmations {
  const { isTold, withinMs = WITHIN_MS } = options;
  const emitter = sock.ws as unknown as Emitter;
  const handlers = emitter.listeners('CB:receipt');
  let stream: Pick<Socket, 'cork' | 'uncork'> | undefined;
  let waiting: BinaryNode[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const nodes = waiting;
    waiting = [];
    if (nodes.length === 0) return;
    stream?.cork();
    // Each is encrypted and handed to the stream before `sendNode` returns. One that is lost is asked for again.
    for (const node of nodes) sock.sendNode(buildAckStanza(node)).catch(() => undefined);
    stream?.uncork();
  }

  const below = emitter.socket;
  if (below) {
    const send = below.send.bind(below);
    below.send = (data, ...rest) => {
      if (waiting.length === 0) return send(data, ...rest);
      stream?.cork();
      // Frames are numbered when they are encrypted: this one is before those of the confirmations.
      send(data, ...rest);
      flush();
      stream?.uncork();
    };
    emitter.on('upgrade', ({ socket }: IncomingMessage) => {
      stream = socket;
    });
  }
  emitter.removeAllListeners('CB:receipt');
  emitter.on('CB:receipt', (node: BinaryNode) => {
    // Baileys lets others have a turn between the receipts that have waited for this connection.
    if (node.attrs.offline !== undefined || !isTold(node)) {
      for (const handle of handlers) void handle(node);
      return;
    }
    waiting.push(node);
    if (waiting.length >= MAX_WAITING) flush();
    else timer ??= setTimeout(flush, withinMs).unref();
  });

  return {
    flush,
    drop() {
      clearTimeout(timer);
      waiting = [];
    },
  };
}
