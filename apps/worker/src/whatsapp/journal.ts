import { createHash } from 'node:crypto';
import { type BinaryNode, encodeBinaryNode, type WAMessage } from './baileys.ts';
import type { WithheldStep } from './withheld-step.ts';

/** The journal record of one decrypted ciphertext. The key store seals it. */
export interface JournalRecord {
  stanzaId: string;
  encIndex: number;
  encCount: number;
  /** Made when it is read: what is stored together with its message needs none. */
  readonly content: { stanza: Uint8Array; plaintext: Uint8Array } | null;
  /**
   * The store may leave the ratchet step to the statement that stores the message. It calls this before `keys.set`
   * resolves.
   */
  onWithheld?: ((step: WithheldStep) => void) | undefined;
}

/** A ciphertext of a stanza that is being handled. */
export interface JournalPart {
  hash: Buffer;
  record(plaintext: Uint8Array): JournalRecord;
}

/** A part that an earlier run received and that is not a message yet. */
export interface WaitingPart {
  hash: Buffer;
  record: JournalRecord & { content: NonNullable<JournalRecord['content']> };
}

/** The stored journal, in the table of the session keys. */
export interface JournalStore {
  /**
   * The plaintext of a ciphertext that was decrypted before; `done` when it is a message already; `null` when it is
   * unknown.
   */
  find(hash: Buffer): Promise<Buffer | 'done' | null>;
  /** The parts that are not messages yet, oldest first. */
  unprojected(): Promise<WaitingPart[]>;
}

/** The type of journal records in `keys.set`. They are in the commit of the ratchet step. */
export const JOURNAL_KIND = 'inbound-journal';

/**
 * The limit for messages between the devices of the account. A larger one is journalled without its plaintext, and a
 * crash before it is handled loses it. Only a history inside of its message could be as large: phones put that of the
 * first chats there, which takes some ten kilobytes, and more into files.
 */
const MAX_PEER_PLAINTEXT_BYTES = 4 * 1024 * 1024;

/** An empty message with its padding: Baileys sends its receipt and emits nothing to show. */
const NOTHING = Buffer.of(1);

/** What is known of the stanza of an emitted message. */
export interface StanzaOfMessage {
  /** The journal rows that are done once the message is stored. */
  hashes: readonly Buffer[];
  /** The attribute `edit`. */
  edit: string | undefined;
  /** Its sender wants nothing to be shown when it cannot be decrypted. */
  isHidden: boolean;
  /** The ratchet step that has read it, until it is stored. */
  step?: WithheldStep | undefined;
}

interface Stanza extends StanzaOfMessage {
  id: string;
}

const UNKNOWN_STANZA: StanzaOfMessage = { hashes: [], edit: undefined, isHidden: false };

/**
 * Finds, for one connection, the stanza of a ciphertext, and thereby what must be in the journal before the receipt
 * (I5). Baileys passes only the bytes to the repository, so the stanza is found by the identity of the buffer.
 *
 * It relies on three properties of rc14, which the contract tests check: `CB:message` passes the node whose buffers are
 * decrypted; stanzas are handled one after the other, from decryption to event; the event has the id of the stanza.
 */
export class InboundJournal {
  readonly #store: Pick<JournalStore, 'find'>;
  readonly #onWithheld: (step: WithheldStep) => void;
  readonly #parts = new WeakMap<Uint8Array, { stanza: Stanza; part: JournalPart }>();
  readonly #replayed = new WeakMap<WAMessage, StanzaOfMessage>();
  /** The stanza that Baileys is handling. */
  #current: Stanza | undefined;

  /** @param onWithheld nothing that is sent from now on may leave before the step is durable */
  constructor(store: Pick<JournalStore, 'find'>, onWithheld: (step: WithheldStep) => void) {
    this.#store = store;
    this.#onWithheld = onWithheld;
  }

  /** Registers a `message` stanza. Call it before Baileys gets it. */
  notice(node: BinaryNode): void {
    const ciphertexts = ciphertextsOf(node);
    if (ciphertexts.length === 0) return;
    const hashes = ciphertexts.map((bytes) => createHash('sha256').update(bytes).digest());
    const stanza: Stanza = { id: node.attrs.id ?? '', hashes, edit: node.attrs.edit, isHidden: isHidden(node) };
    const onWithheld = (step: WithheldStep): void => {
      stanza.step = step;
      this.#onWithheld(step);
    };
    // Of several parts each is a step of its own, what comes from the own devices is for Baileys, and what waited at
    // WhatsApp is handled some time after its handler has returned.
    const mayWait = hashes.length === 1 && node.attrs.category !== 'peer' && node.attrs.offline === undefined;
    ciphertexts.forEach((bytes, encIndex) => {
      const record = (plaintext: Uint8Array): JournalRecord => ({
        stanzaId: stanza.id,
        encIndex,
        encCount: hashes.length,
        get content() {
          return isTooLarge(node, plaintext) ? null : { stanza: slim(node, hashes), plaintext };
        },
        onWithheld: mayWait ? onWithheld : undefined,
      });
      this.#parts.set(bytes, { stanza, part: { hash: hashes[encIndex]!, record } });
    });
  }

  /** Called when a decryption begins. `undefined` for bytes that did not come in a message stanza. */
  begin(ciphertext: Uint8Array): JournalPart | undefined {
    const found = this.#parts.get(ciphertext);
    if (found) this.#current = found.stanza;
    return found?.part;
  }

  /**
   * The answer for a ciphertext that could not be decrypted: a copy of one that was decrypted before has its plaintext
   * in the journal. When that is a message already, the answer is an empty message: WhatsApp gets its receipt, and no
   * second event is made.
   */
  async answer(part: JournalPart): Promise<Buffer | null> {
    const found = await this.#store.find(part.hash);
    return found === 'done' ? NOTHING : found;
  }

  /** Baileys has handled the stanza. A step that nobody has taken over is written apart, with what it has read. */
  handled(): void {
    this.#current?.step?.leave();
  }

  /** Registers a message that was rebuilt from the journal rows of this stanza. */
  replays(message: WAMessage, stanza: StanzaOfMessage): void {
    this.#replayed.set(message, stanza);
  }

  /** The stanza of an emitted message. */
  stanzaOf(message: WAMessage): StanzaOfMessage {
    const replayed = this.#replayed.get(message);
    if (replayed) return replayed;
    return this.#current?.id === message.key.id && this.#current ? this.#current : UNKNOWN_STANZA;
  }
}

/** Whether a message stanza is marked: phones show nothing of it when they cannot decrypt it. */
export const isHidden = ({ content }: BinaryNode): boolean =>
  Array.isArray(content) && content.some(({ tag, attrs }) => tag === 'enc' && attrs['decrypt-fail'] === 'hide');

/** The ciphertexts of a stanza; in its journalled form, their hashes. */
export function ciphertextsOf(node: BinaryNode): Uint8Array[] {
  if (!Array.isArray(node.content)) return [];
  return node.content.flatMap(({ tag, content }) => (tag === 'enc' && content instanceof Uint8Array ? [content] : []));
}

/** Encodes the stanza with hashes in place of its ciphertexts. A replay finds the rows by them. */
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
