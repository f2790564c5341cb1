import type { BinaryNode } from '../wire/node.ts';
import { BoundedMap } from './bounded-map.ts';
import { CpuLedger } from './cpu-ledger.ts';
import { KeyIndexes, type KeyReuse, type KeyUse } from './key-indexes.ts';
import { Ring } from './ring.ts';
import { type Stream, Streams } from './streams.ts';

/** How often one message id of one device was transmitted. `up`: sent by the device, `down`: delivered to it. */
interface MessageRecord {
  direction: 'up' | 'down';
  device: string;
  id: string;
  /** up: where it was sent; down: who sent it. */
  peer: string;
  wireCount: number;
  firstAt: number;
  lastAt: number;
  /** up: when the server acknowledged it; down: when the companion did. */
  ackedAt: number | null;
  /** up: error code of the server's ack; down: type of the companion's receipt, or `nack <code>`. */
  ack: string | null;
}

/** A receipt, ack or nack that a companion sent. */
interface AckRecord {
  at: number;
  device: string;
  class: string;
  id: string;
  type: string | null;
  error: string | null;
  chat: string | null;
}

/** A message that a phone could not read. */
interface UndecryptableRecord {
  at: number;
  phone: string;
  from: string;
  id: string;
  encryption: string;
  error: string;
  recovered: boolean;
}

/** A stanza that the real server would refuse, or that violates the protocol. */
interface Violation {
  at: number;
  device: string | null;
  rule: string;
  detail: string;
}

export interface RecorderLimits {
  /** The maximum of message ids, both directions together. @default 200000 */
  messages: number;
  /** The maximum of acks, violations, undecryptable messages, streams and overlaps, each. @default 50000 */
  events: number;
  /** The maximum of ratchets. @default 100000 */
  ratchets: number;
}

export const DEFAULT_RECORDER_LIMITS: RecorderLimits = { messages: 200_000, events: 50_000, ratchets: 100_000 };

/** Records events in bounded memory, for the checks of tests. It is not stored. */
export class Recorder {
  readonly cpu = new CpuLedger();
  readonly streams: Streams;
  readonly keys: KeyIndexes;
  readonly messages: BoundedMap<string, MessageRecord>;
  readonly acks: Ring<AckRecord>;
  readonly undecryptable: Ring<UndecryptableRecord>;
  readonly violations: Ring<Violation>;
  readonly reuses: Ring<KeyReuse>;
  /** Messages that phones could not decrypt yet, by phone, sender and id. */
  private readonly unread: BoundedMap<string, UndecryptableRecord[]>;
  private readonly stanzas: Record<'in' | 'out', Map<string, number>> = { in: new Map(), out: new Map() };
  private readonly rules = new Map<string, number>();
  private readonly unknown = new Map<string, number>();
  private startedAt = Date.now();
  private counters = { messagesUp: 0, messagesDown: 0, acks: 0, reused: 0, repeated: 0, undecryptable: 0, pairings: 0 };
  private cpuAtStart = process.cpuUsage();

  constructor(limits: RecorderLimits = DEFAULT_RECORDER_LIMITS) {
    this.streams = new Streams(limits.events);
    this.keys = new KeyIndexes(limits.ratchets);
    this.messages = new BoundedMap(limits.messages);
    this.acks = new Ring(limits.events);
    this.undecryptable = new Ring(limits.events);
    this.violations = new Ring(limits.events);
    this.reuses = new Ring(limits.events);
    this.unread = new BoundedMap(limits.events);
  }

  stanza(direction: 'in' | 'out', stream: Stream, node: BinaryNode): void {
    if (direction === 'in') stream.stanzasIn++;
    else stream.stanzasOut++;
    const xmlns = direction === 'in' ? node.attrs.xmlns : undefined;
    const name = xmlns ? `${node.tag}:${xmlns}` : node.tag;
    const counts = this.stanzas[direction];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  paired(): void {
    this.counters.pairings++;
  }

  messageUp(stream: Stream, device: string, id: string, to: string): MessageRecord {
    this.counters.messagesUp++;
    this.streams.message(stream);
    return this.count('up', device, id, to);
  }

  messageDown(device: string, id: string, from: string): void {
    this.counters.messagesDown++;
    this.count('down', device, id, from);
  }

  /** Whether this message was ever sent to this device; null when entries were dropped. */
  wasDelivered(device: string, id: string): boolean | null {
    if (this.messages.get(`down ${device} ${id}`)) return true;
    return this.messages.dropped > 0 ? null : false;
  }

  ack(record: Omit<AckRecord, 'at'>): void {
    this.counters.acks++;
    const at = Date.now();
    this.acks.push({ at, ...record });
    if (record.class !== 'message') return;
    const message = this.messages.get(`down ${record.device} ${record.id}`);
    if (!message || message.ackedAt !== null) return;
    message.ackedAt = at;
    message.ack = record.error ? `nack ${record.error}` : (record.type ?? 'delivered');
  }

  keyUse(use: KeyUse): void {
    const before = this.keys.note(use);
    if (!before) return;
    this.counters[before]++;
    const { fingerprint: _, ...rest } = use;
    this.reuses.push({ ...rest, at: Date.now(), sameCiphertext: before === 'repeated' });
  }

  unreadable(record: Omit<UndecryptableRecord, 'at' | 'recovered'>): void {
    this.counters.undecryptable++;
    const entry: UndecryptableRecord = { at: Date.now(), ...record, recovered: false };
    this.undecryptable.push(entry);
    const key = `${record.phone} ${record.from} ${record.id}`;
    this.unread.set(key, [...(this.unread.get(key) ?? []), entry]);
  }

  /** A phone has decrypted a message: drops its earlier failure. */
  readable(phone: string, from: string, id: string): void {
    const key = `${phone} ${from} ${id}`;
    for (const entry of this.unread.get(key) ?? []) entry.recovered = true;
    this.unread.delete(key);
  }

  violation(device: string | null, rule: string, detail: string): void {
    this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
    this.violations.push({ at: Date.now(), device, rule, detail });
  }

  unknownStanza(name: string): void {
    this.unknown.set(name, (this.unknown.get(name) ?? 0) + 1);
  }

  summary() {
    const cpu = process.cpuUsage(this.cpuAtStart);
    const overlaps = this.streams.overlaps();
    const repeatedIds = { up: 0, down: 0 };
    for (const message of this.messages.values()) if (message.wireCount > 1) repeatedIds[message.direction]++;
    const perMessage = (ms: number) => {
      const messages = this.counters.messagesUp + this.counters.messagesDown;
      return messages ? round(ms / messages) : 0;
    };
    return {
      since: new Date(this.startedAt).toISOString(),
      streams: { live: this.streams.live, logins: this.streams.logins, pairings: this.counters.pairings },
      overlaps: {
        total: overlaps.length,
        /** Pairs where both streams sent a message while both were open: two writers on one device. */
        bothSent: overlaps.filter((pair) => pair.messagesByOlder > 0 && pair.messagesByNewer > 0).length,
        /** Pairs where the older stream still sent after the newer had logged in. */
        olderSent: overlaps.filter((pair) => pair.messagesByOlder > 0).length,
      },
      stanzas: { in: Object.fromEntries(this.stanzas.in), out: Object.fromEntries(this.stanzas.out) },
      messages: {
        up: this.counters.messagesUp,
        down: this.counters.messagesDown,
        idsSeenTwice: repeatedIds,
      },
      acks: this.counters.acks,
      keys: { ...this.keys.stats, reused: this.counters.reused, repeated: this.counters.repeated },
      undecryptable: {
        total: this.counters.undecryptable,
        unrecovered: [...this.undecryptable].filter((entry) => !entry.recovered).length,
      },
      violations: {
        total: [...this.rules.values()].reduce((sum, n) => sum + n, 0),
        byRule: Object.fromEntries(this.rules),
      },
      unknown: Object.fromEntries(this.unknown),
      cpu: {
        serverMs: round(this.cpu.serverMs),
        phoneMs: round(this.cpu.phoneMs),
        processMs: round((cpu.user + cpu.system) / 1000),
        serverMsPerMessage: perMessage(this.cpu.serverMs),
        phoneMsPerMessage: perMessage(this.cpu.phoneMs),
      },
      memory: { rssBytes: process.memoryUsage.rss() },
      /** Dropped entries. Above zero, answers about older events are incomplete. */
      forgotten: {
        messages: this.messages.dropped,
        acks: this.acks.dropped,
        ratchets: this.keys.stats.ratchetsForgotten,
        undecryptable: this.undecryptable.dropped,
        violations: this.violations.dropped,
        streams: this.streams.dropped,
      },
    };
  }

  clear(): void {
    this.startedAt = Date.now();
    this.cpuAtStart = process.cpuUsage();
    this.cpu.clear();
    this.streams.clear();
    this.keys.clear();
    this.messages.clear();
    for (const ring of [this.acks, this.undecryptable, this.violations, this.reuses]) ring.clear();
    for (const map of [this.stanzas.in, this.stanzas.out, this.rules, this.unknown]) map.clear();
    this.unread.clear();
    this.counters = { messagesUp: 0, messagesDown: 0, acks: 0, reused: 0, repeated: 0, undecryptable: 0, pairings: 0 };
  }

  private count(direction: 'up' | 'down', device: string, id: string, peer: string): MessageRecord {
    const key = `${direction} ${device} ${id}`;
    const now = Date.now();
    const known = this.messages.get(key);
    if (known) {
      known.wireCount++;
      known.lastAt = now;
      return known;
    }
    const record: MessageRecord = {
      direction,
      device,
      id,
      peer,
      wireCount: 1,
      firstAt: now,
      lastAt: now,
      ackedAt: null,
      ack: null,
    };
    this.messages.set(key, record);
    return record;
  }
}

const round = (value: number) => Math.round(value * 1000) / 1000;
