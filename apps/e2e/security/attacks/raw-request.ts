import { connect } from 'node:net';

/** How long a server may take for its first word. */
const PATIENCE_MS = 10_000;
/** After an answer on a connection that stays open: so long is another one waited for. */
const SILENCE_MS = 700;
/** How a server hangs up that has not read all that came. */
const HANGS_UP = new Set(['ECONNRESET', 'EPIPE']);

/** What a server answers to bytes that no HTTP client would send, until it closes or says nothing more for a moment. */
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
