import type { Journal } from '../store/journal.ts';
import { decodeNode, encodeNode } from '../wire/codec.ts';
import type { BinaryNode } from '../wire/node.ts';

export interface QueuedStanza {
  readonly seq: number;
  readonly node: BinaryNode;
  /** The count of acks to ignore, so that the stanza is delivered again (fault `redeliver`). */
  ignoredAcks: number;
}

/**
 * The unacknowledged stanzas of a companion, in order. The id alone names a message, because a resend replaces the
 * original. Other stanzas are also named by type and participant, because delivered and read receipts share an id.
 */
export class StanzaQueue {
  private readonly journal: Journal;
  private readonly prefix: string;
  private readonly entries = new Map<string, QueuedStanza>();
  private nextSeq = 1;

  constructor(journal: Journal, prefix: string) {
    this.journal = journal;
    this.prefix = prefix;
    for (const key of journal.keys(prefix).sort()) {
      const stored = journal.read(key);
      if (!stored) continue;
      const node = decodeNode(stored);
      const seq = Number(key.slice(prefix.length));
      this.entries.set(nameOf(node), { seq, node, ignoredAcks: 0 });
      this.nextSeq = Math.max(this.nextSeq, seq + 1);
    }
  }

  get size(): number {
    return this.entries.size;
  }

  push(node: BinaryNode): QueuedStanza {
    this.remove(nameOf(node));
    const entry: QueuedStanza = { seq: this.nextSeq++, node, ignoredAcks: 0 };
    const name = nameOf(node);
    this.entries.set(name, entry);
    this.journal.touch(this.keyOf(entry), () => (this.entries.get(name) === entry ? encodeNode(node) : null));
    return entry;
  }

  get(name: string): QueuedStanza | undefined {
    return this.entries.get(name);
  }

  remove(name: string): boolean {
    const entry = this.entries.get(name);
    if (!entry) return false;
    this.entries.delete(name);
    this.journal.touch(this.keyOf(entry), () => null);
    return true;
  }

  values(): QueuedStanza[] {
    return [...this.entries.values()];
  }

  clear(): void {
    for (const name of this.entries.keys()) this.remove(name);
  }

  private keyOf(entry: QueuedStanza): string {
    return this.prefix + String(entry.seq).padStart(12, '0');
  }
}

export const messageName = (id: string): string => `message ${id}`;

/** The name of a queued stanza. */
export function nameOf({ tag, attrs }: BinaryNode): string {
  if (tag === 'message') return messageName(attrs.id ?? '');
  if (tag === 'receipt') return receiptName(attrs);
  return `${tag} ${attrs.id ?? ''}`;
}

/** The name of the stanza of an `<ack>`, whose attributes repeat those of the stanza. */
export function acknowledgedName(attrs: Record<string, string>): string {
  if (attrs.class === 'receipt') return receiptName(attrs);
  return `${attrs.class ?? ''} ${attrs.id ?? ''}`;
}

function receiptName(attrs: Record<string, string>): string {
  return `receipt ${attrs.id ?? ''} ${attrs.type ?? ''} ${attrs.participant ?? ''}`;
}
