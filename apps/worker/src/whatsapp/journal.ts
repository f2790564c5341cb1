import { createHash } from 'node:crypto';
import { type BinaryNode, encodeBinaryNode, type WAMessage } from './baileys.ts';

/** What one decrypted ciphertext leaves in the journal; the key store seals it. */
export interface JournalRecord {
  stanzaId: string;
  encIndex: number;
  encCount: number;
  content: { stanza: Uint8Array; plaintext: Uint8Array } | null;
}

/** A ciphertext of a stanza on its way in. */
export interface JournalPart {
  hash: Buffer;
  record(plaintext: Uint8Array): JournalRecord;
}

/** What arrived in an earlier life and is not a message yet. */
export interface WaitingPart {
  hash: Buffer;
  record: JournalRecord & { content: NonNullable<JournalRecord['content']> };
}

/** The journal as it is stored, beside the keys of a session. */
export interface JournalStore {
  /** What was read from the ciphertext before; `done` when it has become a message already; `null`: it is not known. */
  find(hash: Buffer): Promise<Buffer | 'done' | null>;
  /** What still waits, oldest first. */
  unprojected(): Promise<WaitingPart[]>;
}

/** The type under which records ride in `keys.set`, in the commit of the ratchet step. */
export const JOURNAL_KIND = 'inbound-journal';

/**
 * Messages between the account's own devices that are larger (a history that came inline) are not kept: that they were
 * read is noted, and a crash before Baileys has used them loses what they would have told, which WhatsApp's directory
 * tells again when it is needed.
 */
const MAX_PEER_PLAINTEXT_BYTES = 512 * 1024;

/** An empty message with its padding: Baileys acknowledges it as delivered and has nothing to show. */
const NOTHING = Buffer.of(1);

interface Stanza {
  id: string;
  hashes: Buffer[];
}

/**
 * Knows, for one connection, which stanza a ciphertext came in, and so what must be in the journal before WhatsApp gets
 * a receipt (I5). Baileys hands the repository nothing but the bytes; the stanza is found by their identity.
 *
 * It counts on three things of rc14, which the contract tests hold: `CB:message` gives the node whose buffers are
 * decrypted; stanzas are handled one after the other, from decryption to the event; the event is emitted with the id of
 * the stanza.
 */
export class InboundJournal {
  readonly #store: Pick<JournalStore, 'find'>;
  readonly #parts = new WeakMap<Uint8Array, { stanza: Stanza; part: JournalPart }>();
  readonly #replayed = new WeakMap<WAMessage, Buffer[]>();
  /** The stanza that Baileys is at. */
  #current: Stanza | undefined;

  constructor(store: Pick<JournalStore, 'find'>) {
    this.#store = store;
  }

  /** A `message` stanza came in; to be called before Baileys sees it. */
  notice(node: BinaryNode): void {
    const ciphertexts = ciphertextsOf(node);
    if (ciphertexts.length === 0) return;
    const hashes = ciphertexts.map((bytes) => createHash('sha256').update(bytes).digest());
    const stanza = { id: node.attrs.id ?? '', hashes };
    ciphertexts.forEach((bytes, encIndex) => {
      const record = (plaintext: Uint8Array): JournalRecord => ({
        stanzaId: stanza.id,
        encIndex,
        encCount: hashes.length,
        content: isTooLarge(node, plaintext) ? null : { stanza: slim(node, hashes), plaintext },
      });
      this.#parts.set(bytes, { stanza, part: { hash: hashes[encIndex]!, record } });
    });
  }

  /** Called as decryption begins; nothing for bytes that did not come in a message stanza. */
  begin(ciphertext: Uint8Array): JournalPart | undefined {
    const found = this.#parts.get(ciphertext);
    if (found) this.#current = found.stanza;
    return found?.part;
  }

  /**
   * What to say of a ciphertext that could not be read: a copy of one that was read before has its answer in the
   * journal. When that has become a message already, the answer is an empty one: WhatsApp gets its receipt, and nobody
   * hears of it again.
   */
  async answer(part: JournalPart): Promise<Buffer | null> {
    const found = await this.#store.find(part.hash);
    return found === 'done' ? NOTHING : found;
  }

  /** The message was made again from these rows of the journal. */
  replays(message: WAMessage, hashes: Buffer[]): void {
    this.#replayed.set(message, hashes);
  }

  /** Journal rows that are done once the message, which Baileys emits now, is stored. */
  rowsOf(message: WAMessage): readonly Buffer[] {
    const replayed = this.#replayed.get(message);
    if (replayed) return replayed;
    return this.#current !== undefined && this.#current.id === message.key.id ? this.#current.hashes : [];
  }
}

/** The ciphertexts of a stanza, or in its journalled form their hashes. */
export function ciphertextsOf(node: BinaryNode): Uint8Array[] {
  if (!Array.isArray(node.content)) return [];
  return node.content.flatMap(({ tag, content }) => (tag === 'enc' && content instanceof Uint8Array ? [content] : []));
}

/** The stanza with hashes in place of its ciphertexts: no ciphertext is kept, and a replay finds the rows by them. */
function slim(node: BinaryNode, hashes: readonly Buffer[]): Uint8Array {
  const children = Array.isArray(node.content) ? node.content : [];
  let next = 0;
  const content = children.map((child) =>
    child.tag === 'enc' && child.content instanceof Uint8Array ? { ...child, content: hashes[next++]! } : child,
  );
  return encodeBinaryNode({ ...node, content });
}

const isTooLarge = (node: BinaryNode, plaintext: Uint8Array): boolean =>
  node.attrs.category === 'peer' && plaintext.byteLength > MAX_PEER_PLAINTEXT_BYTES;
