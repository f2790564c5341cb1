/**
 * Framing below Noise: 3-byte big-endian length and body. The first bytes of a client are the intro (`WA`, version,
 * dictionary), optionally preceded by routing information (`ED`). The server sends no intro.
 */

/** `WA`, protocol 6, dictionary version 3. These 4 bytes are also the first thing hashed into the handshake. */
export const INTRO = Buffer.from([0x57, 0x41, 6, 3]);

/** Above any legal frame of a client: a larger length means a corrupt stream. */
const MAX_FRAME = 1 << 23;
const ROUTING_PREFIX = Buffer.from([0x45, 0x44, 0, 1]);
const EMPTY = Buffer.alloc(0);

export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Puts the length in front of a body. */
export function frame(body: Buffer): Buffer {
  if (body.length > 0xffffff) throw new FrameError(`body of ${body.length} bytes does not fit a frame`);
  const out = Buffer.allocUnsafe(3 + body.length);
  out.writeUIntBE(body.length, 0, 3);
  body.copy(out, 3);
  return out;
}

/** Splits a stream of chunks of any size into frame bodies. */
export class FrameReader {
  /** Routing information the client sent before its intro, if any. */
  routingInfo: Buffer | undefined;
  #awaitingIntro: boolean;
  #rest: Buffer = EMPTY;

  /** @param options.side 'server' reads what a client writes, that is, expects the intro first */
  constructor(options: { side: 'server' | 'client' }) {
    this.#awaitingIntro = options.side === 'server';
  }

  push(chunk: Buffer): Buffer[] {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#awaitingIntro) {
      const start = this.#intro(data);
      if (start < 0) {
        this.#rest = data;
        return [];
      }
      data = data.subarray(start);
    }
    const bodies: Buffer[] = [];
    let at = 0;
    while (data.length - at >= 3) {
      const length = data.readUIntBE(at, 3);
      if (length > MAX_FRAME) throw new FrameError(`frame of ${length} bytes is larger than allowed`);
      if (data.length - at < 3 + length) break;
      bodies.push(data.subarray(at + 3, at + 3 + length));
      at += 3 + length;
    }
    // A copy, so that a few remaining bytes do not pin a large network buffer.
    this.#rest = at === data.length ? EMPTY : Buffer.from(data.subarray(at));
    return bodies;
  }

  /** Returns where the first frame starts, or -1 while bytes are missing. */
  #intro(data: Buffer): number {
    let at = 0;
    if (startsLike(data, ROUTING_PREFIX)) {
      if (data.length < 7) return -1;
      const length = data.readUIntBE(4, 3);
      if (length > MAX_FRAME) throw new FrameError(`routing information of ${length} bytes is larger than allowed`);
      at = 7 + length;
      if (data.length < at) return -1;
    }
    const head = data.subarray(at, at + INTRO.length);
    if (!startsLike(head, INTRO)) throw new FrameError(`not a WhatsApp intro: ${head.toString('hex')}`);
    if (head.length < INTRO.length) return -1;
    if (at > 0) this.routingInfo = Buffer.from(data.subarray(7, at));
    this.#awaitingIntro = false;
    return at + INTRO.length;
  }
}

/** True while `data` agrees with `prefix` as far as both reach. */
function startsLike(data: Buffer, prefix: Buffer): boolean {
  const length = Math.min(data.length, prefix.length);
  return data.compare(prefix, 0, length, 0, length) === 0;
}
