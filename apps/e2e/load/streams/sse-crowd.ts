import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Streams that are opened at a time. */
const AT_ONCE = 50;
const FRAME = Buffer.from('\ndata: ');
const NAME = /"waMessageId":"(\d+)"/;

/** What a stream is about, and with which key. */
export interface StreamRequest {
  path: string;
  apiKey: string;
}

/**
 * Clients of server-sent events that count what comes and read no more of it, so that the process that measures has
 * little to do.
 */
export class SseCrowd {
  /** Events of each client. */
  readonly counts: number[] = [];
  /** Is told the number of the first event of what came together. */
  onEvent: (name: number, at: number) => void = () => undefined;
  private readonly sockets: Socket[] = [];
  private readonly url: URL;

  constructor(url: string) {
    this.url = new URL(url);
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when all are streams. */
  async open(requests: readonly StreamRequest[]): Promise<void> {
    let next = 0;
    const lane = async () => {
      while (next < requests.length) await this.openOne(requests[next++]!);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  private async openOne({ path, apiKey }: StreamRequest): Promise<void> {
    const socket = connect(Number(this.url.port), this.url.hostname);
    const index = this.sockets.push(socket) - 1;
    this.counts[index] = 0;
    socket.on('error', () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.url.host}\r\nauthorization: Bearer ${apiKey}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    const text = head.toString();
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(`A stream was answered with ${text.slice(0, 300)}`);
    let rest = head;
    socket.on('data', (chunk: Buffer) => {
      const at = performance.now();
      const read = Buffer.concat([rest.subarray(1 - FRAME.length), chunk]);
      const first = read.indexOf(FRAME);
      for (let found = first; found >= 0; found = read.indexOf(FRAME, found + FRAME.length)) this.counts[index]! += 1;
      const name = first >= 0 ? NAME.exec(read.subarray(first, first + 2_000).toString())?.[1] : undefined;
      if (name !== undefined) this.onEvent(Number(name), at);
      rest = read;
    });
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.length = 0;
    this.counts.length = 0;
  }
}
