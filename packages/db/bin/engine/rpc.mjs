/** JSON-RPC, one message per line, one call at a time: the wire format between the Prisma CLI and its engine. */
import { createInterface } from 'node:readline';

const ENGINE_ERROR = 4466;

/**
 * Serves until the input ends, then closes the methods' connections.
 * @param {{ input: NodeJS.ReadableStream, write: (line: string) => void }} channel
 * @param {(print: (content: string) => void) =>
 *   { call(method: string, params: unknown): Promise<unknown>, close(): Promise<void> }} createMethods
 */
export async function serveRpc({ input, write }, createMethods) {
  // Ids of our own requests must not collide with those the CLI counts up from 1.
  let requestId = 1_000_000;
  const send = (/** @type {object} */ message) => write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const methods = createMethods((content) => send({ id: ++requestId, method: 'print', params: { content } }));
  try {
    for await (const line of createInterface({ input })) {
      if (line.trim() === '') continue;
      const message = JSON.parse(line);
      if (message.method === undefined) continue; // an answer to `print`
      try {
        send({ id: message.id, result: (await methods.call(message.method, message.params ?? {})) ?? null });
      } catch (error) {
        send({ id: message.id, error: rpcError(error) });
      }
    }
  } finally {
    await methods.close();
  }
}

/** @param {any} error as thrown by the wasm engine or by pg */
function rpcError(error) {
  return {
    code: ENGINE_ERROR,
    message: 'An error happened. Check the data field for details.',
    data: {
      is_panic: false,
      message: error?.message ?? String(error),
      meta: error?.meta ?? null,
      error_code: error?.code ?? null,
    },
  };
}
