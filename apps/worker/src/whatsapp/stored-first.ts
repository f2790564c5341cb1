import type { BinaryNode, WASocket } from './baileys.ts';

type Handler = (node: BinaryNode) => unknown;

/**
 * Makes Baileys handle a stanza after what it tells is stored. Baileys confirms it to WhatsApp when it has handled it;
 * WhatsApp sends what is not confirmed again with the next connection. So nothing is lost with a worker that dies
 * between the two. Stanzas that tell nothing are handled at once. Call it before any other listener for them is added.
 *
 * @param store begins the writes of what a stanza tells; none: it tells nothing. One that rejects keeps the
 *   confirmation back
 * @param isCurrent whether the connection may still confirm
 */
export function storeFirst(
  sock: WASocket,
  event: 'CB:notification' | 'CB:call',
  { store, isCurrent }: { store: (node: BinaryNode) => Promise<void>[]; isCurrent: () => boolean },
): void {
  const socket = sock.ws as unknown as {
    listeners(event: string): Handler[];
    removeAllListeners(event: string): void;
    on(event: string, handler: Handler): void;
  };
  const handlers = socket.listeners(event);
  // In the order of the stanzas, whose writes may end in another one.
  let before: Promise<unknown> = Promise.resolve();
  socket.removeAllListeners(event);
  socket.on(event, (node) => {
    const writes = store(node);
    if (writes.length === 0) {
      for (const handle of handlers) void handle(node);
      return;
    }
    const stored = Promise.all(writes).then(
      () => true,
      () => false,
    );
    before = before.then(async () => {
      if ((await stored) && isCurrent()) await Promise.allSettled(handlers.map((handle) => handle(node)));
    });
  });
}
