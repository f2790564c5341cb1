import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Journal } from '../store/journal.ts';
import type { MessageDescription } from './description.ts';

/** What has been done to a message since it came, as its phone shows it. */
export interface ChangedMessage {
  /** The words that an edit has put in place. */
  text: string | null;
  isEdited: boolean;
  /** For everyone: "This message was deleted". */
  isDeleted: boolean;
  /** Deleted for this account alone. */
  isHidden: boolean;
  /** One for each person, by number. */
  reactions: Record<string, string>;
  /** Seconds; null: not pinned. */
  pinnedFor: number | null;
  isKept: boolean;
  isStarred: boolean;
}

/** A message as a phone shows it: received ones once per sender and id, and own ones. */
export interface InboxEntry extends MessageDescription {
  /** The position in this inbox; `?after=` uses it. */
  seq: number;
  id: string;
  /** Number of the sender's account. */
  from: string;
  /** Device of the sender: 0 is a phone. */
  fromDevice: number;
  fromMe: boolean;
  /** Number of the peer, or `<id>@g.us`. */
  chat: string;
  addressing: 'pn' | 'lid';
  /** The encryption of the newest copy; null for own messages and messages from other phones. */
  encryption: string | null;
  /** How often this id was received. */
  wireCount: number;
  /** Unix milliseconds of its first arrival. */
  at: number;
  pushName: string | null;
  /** Confirmations of an own message (`<number>:<device>`). */
  receipts: { delivered: string[]; read: string[]; played: string[] };
  /** Receipts that this phone still has to send for it. */
  owes: OwedReceipt[];
  /** Base64 of the secret inside of it; changes of the message are encrypted with it. */
  secret?: string;
  /** What was done to it since it came. Absent: nothing. */
  changed?: ChangedMessage;
}

export type OwedReceipt = 'sender' | 'delivered' | 'read';

/** The secret of a message, as an entry keeps it. */
export function secretOf(message: proto.IMessage): Pick<InboxEntry, 'secret'> {
  const secret = message.messageContextInfo?.messageSecret;
  return secret?.length ? { secret: Buffer.from(secret).toString('base64') } : {};
}

/** The messages of one phone, bounded, each (sender, id) once. */
export class Inbox {
  private readonly space: string;
  private readonly limit: number;
  private readonly journal: Journal;
  private readonly bySeq = new Map<number, InboxEntry>();
  private readonly byName = new Map<string, InboxEntry>();
  private nextSeq = 1;

  constructor(number: string, journal: Journal, limit: number) {
    this.space = `inbox/${number}/`;
    this.journal = journal;
    this.limit = limit;
    const stored = journal.keys(this.space).map((key) => Number(key.slice(this.space.length)));
    for (const seq of stored.sort((a, b) => a - b)) {
      const bytes = journal.read(this.space + seq);
      if (bytes) this.insert(JSON.parse(bytes.toString('utf8')) as InboxEntry);
    }
  }

  get size(): number {
    return this.bySeq.size;
  }

  get lastSeq(): number {
    return this.nextSeq - 1;
  }

  find(from: string, id: string): InboxEntry | undefined {
    return this.byName.get(`${from} ${id}`);
  }

  /** Finds the newest message with this id from any sender; callers of the control API have only the id. */
  findById(id: string): InboxEntry | undefined {
    return [...this.bySeq.values()].reverse().find((entry) => entry.id === id);
  }

  add(entry: Omit<InboxEntry, 'seq'>): InboxEntry {
    const added = { seq: this.nextSeq, ...entry };
    this.insert(added);
    this.save(added);
    if (this.bySeq.size > this.limit) this.dropOldest();
    return added;
  }

  save(entry: InboxEntry): void {
    this.journal.touch(this.space + entry.seq, () =>
      this.bySeq.get(entry.seq) === entry ? Buffer.from(JSON.stringify(entry)) : null,
    );
  }

  after(seq: number, limit: number): InboxEntry[] {
    const found: InboxEntry[] = [];
    for (const entry of this.bySeq.values()) {
      if (entry.seq <= seq) continue;
      if (found.length >= limit) break;
      found.push(entry);
    }
    return found;
  }

  all(): IterableIterator<InboxEntry> {
    return this.bySeq.values();
  }

  clear(): void {
    for (const entry of this.bySeq.values()) this.remove(entry);
  }

  private insert(entry: InboxEntry): void {
    this.bySeq.set(entry.seq, entry);
    this.byName.set(`${entry.from} ${entry.id}`, entry);
    this.nextSeq = Math.max(this.nextSeq, entry.seq + 1);
  }

  private dropOldest(): void {
    const oldest = this.bySeq.values().next();
    if (!oldest.done) this.remove(oldest.value);
  }

  private remove(entry: InboxEntry): void {
    this.bySeq.delete(entry.seq);
    const name = `${entry.from} ${entry.id}`;
    if (this.byName.get(name) === entry) this.byName.delete(name);
    this.journal.touch(this.space + entry.seq, () => null);
  }
}
