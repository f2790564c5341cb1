import type { BinaryNode, WASocket } from './baileys.ts';

type Handler = (node: BinaryNode) => Promise<void>;

/**
 * Makes Baileys handle messages one after the other, in their order. rc14 looks up the addresses of a sender (number
 * and LID) before a message enters the mutex. For a new sender that takes a few statements, and later messages
 * overtake. The work under the mutex was sequential before, so nothing waits longer. Call it before any other listener
 * for messages is added.
 *
 * @param onHandled called after each of them
 */
export function takeMessagesInOrder(sock: WASocket, onHandled: () => void): void {
  const socket = sock.ws as unknown as {
    listeners(event: string): Handler[];
    removeAllListeners(event: string): void;
    on(event: string, handler: (node: BinaryNode) => void): void;
  };
  const handlers = socket.listeners('CB:message');
  let before: Promise<unknown> = Promise.resolve();
  socket.removeAllListeners('CB:message');
  socket.on('CB:message', (node) => {
    // A failed handler has logged its error; the next message is handled all the same.
    before = before.then(async () => {
      await Promise.allSettled(handlers.map((handle) => handle(node)));
      onHandled();
    });
  });
}
