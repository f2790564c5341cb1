import { Ring } from './ring.ts';

/** One connection, from its handshake on. `device` is null until a pairing connection belongs to an account. */
export interface Stream {
  readonly id: number;
  device: string | null;
  kind: 'pairing' | 'login' | 'refused';
  readonly openedAt: number;
  closedAt: number | null;
  /** The reason of the end: `replaced`, `client closed`, `failure 401`, … The client may still be connected. */
  closedBy: string | null;
  stanzasIn: number;
  stanzasOut: number;
  messagesIn: number;
}

/** Two streams of one device that were open at the same time, with the messages that each sent meanwhile. */
interface StreamOverlap {
  device: string;
  older: number;
  newer: number;
  startedAt: number;
  endedAt: number | null;
  messagesByOlder: number;
  messagesByNewer: number;
}

export class Streams {
  private readonly log: Ring<Stream>;
  private readonly pairs: Ring<StreamOverlap>;
  private readonly open = new Map<string, Set<Stream>>();
  private readonly running = new Map<number, StreamOverlap[]>();
  private nextId = 1;

  constructor(capacity: number) {
    this.log = new Ring(capacity);
    this.pairs = new Ring(capacity);
  }

  start(kind: Stream['kind'], device: string | null): Stream {
    const stream: Stream = {
      id: this.nextId++,
      device,
      kind,
      openedAt: Date.now(),
      closedAt: null,
      closedBy: null,
      stanzasIn: 0,
      stanzasOut: 0,
      messagesIn: 0,
    };
    this.log.push(stream);
    if (device && kind === 'login') this.join(device, stream);
    return stream;
  }

  /** Its TCP connection has ended. The reason was recorded when the server ended the stream. */
  end(stream: Stream): void {
    if (stream.closedAt !== null) return;
    stream.closedAt = Date.now();
    for (const overlap of this.running.get(stream.id) ?? []) {
      overlap.endedAt = stream.closedAt;
      const other = overlap.older === stream.id ? overlap.newer : overlap.older;
      const left = this.running.get(other)?.filter((item) => item !== overlap) ?? [];
      if (left.length) this.running.set(other, left);
      else this.running.delete(other);
    }
    this.running.delete(stream.id);
    if (stream.device) {
      const siblings = this.open.get(stream.device);
      siblings?.delete(stream);
      if (siblings?.size === 0) this.open.delete(stream.device);
    }
  }

  message(stream: Stream): void {
    stream.messagesIn++;
    const overlaps = this.running.get(stream.id);
    if (!overlaps) return;
    for (const overlap of overlaps) {
      if (overlap.older === stream.id) overlap.messagesByOlder++;
      else overlap.messagesByNewer++;
    }
  }

  all(): IterableIterator<Stream> {
    return this.log[Symbol.iterator]();
  }

  overlaps(): StreamOverlap[] {
    return [...this.pairs];
  }

  get live(): number {
    let count = 0;
    for (const streams of this.open.values()) count += streams.size;
    return count;
  }

  get dropped(): number {
    return this.log.dropped;
  }

  get logins(): number {
    let count = 0;
    for (const stream of this.log) if (stream.kind === 'login') count++;
    return count;
  }

  /** Drops ended streams; open ones stay. */
  clear(): void {
    this.log.clear();
    this.pairs.clear();
    this.running.clear();
    for (const streams of this.open.values()) for (const stream of streams) this.log.push(stream);
  }

  private join(device: string, stream: Stream): void {
    const siblings = this.open.get(device) ?? new Set();
    for (const older of siblings) {
      const overlap: StreamOverlap = {
        device,
        older: older.id,
        newer: stream.id,
        startedAt: stream.openedAt,
        endedAt: null,
        messagesByOlder: 0,
        messagesByNewer: 0,
      };
      this.pairs.push(overlap);
      for (const id of [older.id, stream.id]) this.running.set(id, [...(this.running.get(id) ?? []), overlap]);
    }
    siblings.add(stream);
    this.open.set(device, siblings);
  }
}
