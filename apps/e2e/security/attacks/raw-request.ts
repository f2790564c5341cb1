import { connect } from 'node:net';

/** Milliseconds for the first bytes of an answer. */
const PATIENCE_MS = 10_000;
/** Milliseconds to wait for another answer on an open connection. */
const SILENCE_MS = 700;
/** Errors when a server closes a connection before it has read everything. */
const HANGS_UP = new Set(['ECONNRESET', 'EPIPE']);

/** Sends bytes that no HTTP client sends. Returns the answers until the server closes or pauses. */
export function sendRaw(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const finish = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(PATIENCE_MS, finish);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      socket.setTimeout(SILENCE_MS);
    });
    socket.once('end', finish);
    socket.once('error', (error: NodeJS.ErrnoException) => (HANGS_UP.has(error.code ?? '') ? finish() : reject(error)));
  });
}

/** Status lines of the answers in a stream of bytes. */
export const statusesIn = (answer: string): number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
