import type { Logger } from '@wa-gate/kit';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { RawData, WebSocket } from 'ws';
import type { Companion } from '../accounts/account.ts';
import type { CompanionLink } from '../accounts/companion.ts';
import { type Faults, meansStanza } from '../faults/faults.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Stream } from '../recorder/streams.ts';
import { CodecError, decodeNode, encodeNode } from '../wire/codec.ts';
import { FrameError, FrameReader, frame } from '../wire/frame.ts';
import type { BinaryNode } from '../wire/node.ts';
import { NoiseError, type NoiseKeys, NoiseServer } from '../wire/noise.ts';
import type { ServerOptions } from './options.ts';
import type { Scheduler } from './scheduler.ts';

/** Milliseconds for a client to close by itself after the last stanza of the server. */
const LAST_WORD_MS = 50;
/** Milliseconds after which a client that does not close is cut. */
const FORCE_MS = 1000;

export interface ConnectionDeps {
  readonly log: Logger;
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly scheduler: Scheduler;
  readonly noise: NoiseKeys;
  readonly options: Pick<ServerOptions, 'latencyMs'>;
}

/** The handlers of the server for the events of a connection. */
export interface ConnectionHandlers {
  /** The handshake is complete. The `payload` of the client has its request. */
  login(connection: Connection): void;
  /** A stanza that answers no request of the server. */
  stanza(connection: Connection, stanza: BinaryNode): void;
  /** A message that came after the server had ended the stream. */
  lateMessage(connection: Connection, companion: Companion, stanza: BinaryNode): void;
  /** The companion is no longer connected. */
  disconnected(companion: Companion): void;
  /** The TCP connection is gone. */
  closed(connection: Connection): void;
}

/**
 * One WebSocket: framing, handshake, and stanzas in their order. Each stanza is handled synchronously, so the stanzas
 * of a client never overtake each other.
 */
export class Connection implements CompanionLink {
  private readonly context: ConnectionDeps;
  private readonly handlers: ConnectionHandlers;
  /** The companion that is logged in on it. */
  companion: Companion | null = null;
  /** The payload of the client in the handshake. */
  payload: proto.ClientPayload | null = null;
  stream: Stream | null = null;
  isActive = false;
  /** The name and port to which the client has connected. */
  readonly host: string | undefined;
  private readonly socket: WebSocket;
  private readonly reader = new FrameReader({ side: 'server' });
  private readonly noise: NoiseServer;
  private readonly lostAnswers = new Set<string>();
  private readonly waiters = new Map<string, (answer: BinaryNode) => void>();
  private readonly closeListeners: (() => void)[] = [];
  private frozen: { out: BinaryNode[]; in: BinaryNode[] } | null = null;
  /** The server has ended the stream. Later stanzas of the client are recorded, not handled. */
  private finished = false;

  constructor(context: ConnectionDeps, handlers: ConnectionHandlers, socket: WebSocket, host?: string) {
    this.context = context;
    this.host = host;
    this.handlers = handlers;
    this.socket = socket;
    this.noise = new NoiseServer(context.noise);
    socket.on('message', (data) => context.recorder.cpu.span('server', () => this.onData(data)));
    socket.on('close', () => this.onClosed());
    socket.on('error', (error) => context.log.debug({ err: error }, 'socket error'));
  }

  /** The Noise key of the client: the credential of its device. */
  get noiseKey(): Buffer {
    return this.noise.remoteStatic;
  }

  get device(): string | null {
    return this.companion?.key ?? null;
  }

  get isOpen(): boolean {
    return !this.finished;
  }

  onClose(listener: () => void): void {
    this.closeListeners.push(listener);
  }

  send(node: BinaryNode): void {
    if (this.finished) return;
    if (node.tag === 'iq' && this.lostAnswers.delete(node.attrs.id ?? '')) return;
    if (this.frozen) this.frozen.out.push(node);
    else if (this.companion && !this.context.faults.idle) this.sendThroughFaults(node, this.companion.key);
    else this.transmit(node);
  }

  /** The answer to this iq of the client is not sent. */
  loseAnswer(id: string): void {
    this.lostAnswers.add(id);
  }

  /** Sends an iq and resolves with its answer. Stays pending if the connection ends first. */
  request(node: BinaryNode): Promise<BinaryNode> {
    return new Promise((resolve) => {
      this.waiters.set(node.attrs.id!, resolve);
      this.send(node);
    });
  }

  close(reason: string, last?: BinaryNode): void {
    if (this.finished) return;
    this.frozen = null;
    if (last) this.transmit(last);
    this.finish(reason);
    const { scheduler } = this.context;
    const { latencyMs } = this.context.options;
    if (last) scheduler.later(LAST_WORD_MS + latencyMs, () => this.socket.close());
    else this.socket.close();
    const force = setTimeout(() => this.socket.terminate(), LAST_WORD_MS + latencyMs + FORCE_MS);
    force.unref();
    this.socket.once('close', () => clearTimeout(force));
  }

  /** Ends the TCP connection without a last stanza. */
  cut(reason: string): void {
    this.finish(reason);
    this.socket.terminate();
  }

  /** Delays everything in both directions for a while, like a stalled network. */
  freeze(ms: number): void {
    this.frozen ??= { out: [], in: [] };
    this.context.scheduler.later(ms, () => this.thaw());
  }

  private thaw(): void {
    const held = this.frozen;
    if (!held) return;
    this.frozen = null;
    for (const node of held.out) this.send(node);
    for (const node of held.in) this.onNode(node);
  }

  private sendThroughFaults(node: BinaryNode, device: string): void {
    const { faults, scheduler } = this.context;
    const skew = node.attrs.t === undefined ? null : faults.find('clock-skew', device);
    const skewed = skew ? { ...node, attrs: { ...node.attrs, t: shifted(node.attrs.t!, skew.ms ?? 0) } } : node;
    if (skew) skew.hits++;
    const matches = (fault: Parameters<typeof meansStanza>[0]) => meansStanza(fault, 'to', node.tag);
    if (faults.take('drop', device, matches)) return;
    const delay = faults.take('delay', device, matches);
    if (delay) {
      scheduler.later(delay.ms ?? 1000, () => this.transmit(skewed));
      return;
    }
    this.transmit(skewed);
    if (faults.take('duplicate', device, matches)) this.transmit(skewed);
  }

  private transmit(node: BinaryNode): void {
    if (this.finished) return;
    const { scheduler, options } = this.context;
    if (options.latencyMs === 0) this.write(node);
    else scheduler.later(options.latencyMs, () => this.write(node));
  }

  private write(node: BinaryNode): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const { recorder } = this.context;
    if (this.stream) recorder.stanza('out', this.stream, node);
    if (node.tag === 'message' && this.companion) {
      recorder.messageDown(this.companion.key, node.attrs.id ?? '', node.attrs.participant ?? node.attrs.from ?? '');
    }
    this.socket.send(frame(this.noise.encrypt(encodeNode(node))));
  }

  private onData(data: RawData): void {
    try {
      const chunk = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
      for (const body of this.reader.push(chunk)) this.onFrame(body);
    } catch (error) {
      const expected = error instanceof FrameError || error instanceof NoiseError || error instanceof CodecError;
      const { recorder, log } = this.context;
      if (!expected) log.error({ err: error, device: this.device }, 'connection failed');
      recorder.violation(this.device, 'malformed-stream', String(error));
      this.cut('malformed stream');
    }
  }

  private onFrame(body: Buffer): void {
    if (this.finished && this.noise.stage !== 'transport') return;
    switch (this.noise.stage) {
      case 'hello':
        this.socket.send(frame(this.noise.onClientHello(body)));
        return;
      case 'finish':
        this.payload = proto.ClientPayload.decode(this.noise.onClientFinish(body));
        this.handlers.login(this);
        return;
      case 'transport': {
        const node = decodeNode(this.noise.decrypt(body));
        const { scheduler, options } = this.context;
        if (options.latencyMs === 0) this.onNode(node);
        else scheduler.later(options.latencyMs, () => this.onNode(node));
      }
    }
  }

  private onNode(node: BinaryNode): void {
    if (this.frozen) {
      this.frozen.in.push(node);
      return;
    }
    const { recorder, faults, scheduler } = this.context;
    if (this.stream) recorder.stanza('in', this.stream, node);
    if (this.finished) {
      if (node.tag === 'message' && this.companion) this.handlers.lateMessage(this, this.companion, node);
      return;
    }
    const device = this.device;
    if (device && !faults.idle) {
      const matches = (fault: Parameters<typeof meansStanza>[0]) => meansStanza(fault, 'from', node.tag);
      if (faults.take('drop', device, matches)) return;
      const delay = faults.take('delay', device, matches);
      if (delay) {
        scheduler.later(delay.ms ?? 1000, () => this.handle(node));
        return;
      }
      if (faults.take('duplicate', device, matches)) this.handle(node);
    }
    this.handle(node);
  }

  private handle(node: BinaryNode): void {
    if (this.finished) return;
    const { id = '', type } = node.attrs;
    const waiter = node.tag === 'iq' && (type === 'result' || type === 'error') ? this.waiters.get(id) : undefined;
    if (waiter) {
      this.waiters.delete(id);
      waiter(node);
      return;
    }
    this.handlers.stanza(this, node);
  }

  /** The TCP connection is gone. */
  private onClosed(): void {
    this.finish('client closed');
    this.handlers.closed(this);
    if (this.stream) this.context.recorder.streams.end(this.stream);
  }

  /** Detaches the connection from the server. */
  private finish(reason: string): void {
    if (this.finished) return;
    this.finished = true;
    this.isActive = false;
    if (this.stream) this.stream.closedBy = reason;
    if (this.companion?.link === this) {
      this.companion.link = null;
      this.handlers.disconnected(this.companion);
    }
    for (const listener of this.closeListeners) listener();
  }
}

/** Protocol times are whole seconds. */
const shifted = (t: string, ms: number) => String(Number(t) + Math.round(ms / 1000));
