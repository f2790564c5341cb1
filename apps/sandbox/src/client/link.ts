import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { KeyPair } from '../signal/curve.ts';
import { decodeNode, encodeNode } from '../wire/codec.ts';
import { FrameReader, frame, INTRO } from '../wire/frame.ts';
import type { BinaryNode } from '../wire/node.ts';
import { NoiseClient } from '../wire/noise.ts';

/** The address of a sandbox and its roots of trust, from `GET /` of its control API. */
export interface SandboxAccess {
  wsUrl: string;
  /** Certificate authority of the sandbox's TLS. */
  caPem: string;
  /** Root of the sandbox's Noise certificates. */
  noiseRoot: Buffer;
}

export interface LinkOptions extends SandboxAccess {
  noiseKey: KeyPair;
  clientPayload: Buffer;
  onNode: (node: BinaryNode) => void;
  onClose: (error: LinkClosedError) => void;
}

/** The connection ended. All pending requests fail with this. */
export class LinkClosedError extends Error {
  override readonly name = 'LinkClosedError';
}

const HANDSHAKE_TIMEOUT_MS = 20_000;

/** One connection to the server: TLS websocket, frames, Noise, nodes. Answers are matched to requests by id. */
export class Link {
  readonly #socket: WebSocket;
  readonly #noise: NoiseClient;
  readonly #options: LinkOptions;
  readonly #reader = new FrameReader({ side: 'client' });
  readonly #waiting = new Map<string, { resolve: (node: BinaryNode) => void; reject: (error: Error) => void }>();
  readonly #idPrefix = randomBytes(4).toString('hex').toUpperCase();
  #nextId = 1;
  #failure: Error | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#noise = new NoiseClient({ staticKey: options.noiseKey, rootPublic: options.noiseRoot });
    this.#socket = new WebSocket(options.wsUrl, {
      ca: options.caPem,
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#socket.on('open', () => this.#socket.send(Buffer.concat([INTRO, frame(this.#noise.hello())])));
    this.#socket.on('message', (data: Buffer) => this.#onData(data));
    this.#socket.on('error', (error) => {
      this.#failure = error;
    });
    this.#socket.on('close', () => this.#onClosed());
  }

  nextId(): string {
    return `${this.#idPrefix}-${this.#nextId++}`;
  }

  send(node: BinaryNode): void {
    if (this.#socket.readyState !== WebSocket.OPEN) throw this.#closedError();
    this.#socket.send(frame(this.#noise.encrypt(encodeNode(node))));
  }

  /** Sends a stanza and waits for its answer: a stanza with the same id that is no request. */
  ask(node: BinaryNode): Promise<BinaryNode> {
    const id = node.attrs.id;
    if (id === undefined) throw new TypeError('a question needs an id');
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.send(node);
      } catch (error) {
        this.#waiting.delete(id);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  close(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close();
    else this.#socket.terminate();
  }

  #onData(data: Buffer): void {
    try {
      for (const body of this.#reader.push(data)) this.#onFrame(body);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#socket.terminate();
    }
  }

  #onFrame(body: Buffer): void {
    if (this.#noise.stage !== 'transport') {
      this.#socket.send(frame(this.#noise.finish(body, this.#options.clientPayload)));
      return;
    }
    const node = decodeNode(this.#noise.decrypt(body));
    const answers =
      node.tag === 'ack' || (node.tag === 'iq' && (node.attrs.type === 'result' || node.attrs.type === 'error'));
    const waiting = answers && node.attrs.id !== undefined ? this.#waiting.get(node.attrs.id) : undefined;
    if (waiting) {
      this.#waiting.delete(node.attrs.id!);
      waiting.resolve(node);
    } else {
      this.#options.onNode(node);
    }
  }

  #onClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    const error = this.#closedError();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#options.onClose(error);
  }

  #closedError(): LinkClosedError {
    return new LinkClosedError('connection closed', this.#failure ? { cause: this.#failure } : {});
  }
}
