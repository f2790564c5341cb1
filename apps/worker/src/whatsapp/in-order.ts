import type { BinaryNode, WASocket } from './baileys.ts';

type Handler = (node: BinaryNode) => Promise<void>;

/**
 * Has Baileys take messages one after the other, as they come. rc14 looks after the addresses of a sender (number and
 * LID) before a message takes its turn at the mutex; for a sender that is new this takes a few statements, and the
 * messages behind it overtake. What it does under the mutex was one at a time before, so nothing waits longer for it.
 * Call it before anything else listens for messages.
 */
export function takeMessagesInOrder(sock: WASocket): void {
  const socket = sock.ws as unknown as {
    listeners(event: string): Handler[];
    removeAllListeners(event: string): void;
    on(event: string, handler: (node: BinaryNode) => void): void;
  };
  const handlers = socket.listeners('CB:message');
  let before: Promise<unknown> = Promise.resolve();
  socket.removeAllListeners('CB:message');
  socket.on('CB:message', (node) => {
    // A handler that fails has said so itself; the next message does not suffer for it.
    before = before.then(() => Promise.allSettled(handlers.map((handle) => handle(node))));
  });
}
