import {
  type BinaryNode,
  cleanMessage,
  decodeBinaryNode,
  decryptMessageNode,
  type WAMessage,
  type WASocket,
} from './baileys.ts';
import type { BaileysLogger } from './baileys-logger.ts';
import { ciphertextsOf, isHidden, type WaitingPart } from './journal.ts';

export interface Rebuilt {
  message: WAMessage;
  /** The journal rows of the message. */
  hashes: Buffer[];
  /** The attribute `edit` of its stanza. */
  edit: string | undefined;
  isHidden: boolean;
}

interface RebuildOptions {
  parts: readonly WaitingPart[];
  me: { id: string; lid?: string };
  repository: WASocket['signalRepository'];
  logger: BaileysLogger;
}

/**
 * Rebuilds the messages that are journalled and not stored yet, with the decoder of Baileys. Its repository returns the
 * plaintexts by the hashes that replace the ciphertexts. Sender keys in them are processed, because the crash may have
 * come before that.
 *
 * A stanza with a missing part was never receipted. It is skipped, and WhatsApp delivers it again.
 */
export async function* rebuildMessages({ parts, me, repository, logger }: RebuildOptions): AsyncGenerator<Rebuilt> {
  const plaintexts = new Map(parts.map(({ hash, record }) => [hash.toString('hex'), record.content.plaintext]));
  const lookUp = async (hash: Uint8Array): Promise<Uint8Array> => {
    const plaintext = plaintexts.get(Buffer.from(hash).toString('hex'));
    if (!plaintext) throw new Error('The journal lacks a part of this stanza.');
    return plaintext;
  };
  const journalled = {
    ...repository,
    decryptMessage: ({ ciphertext }: { ciphertext: Uint8Array }) => lookUp(ciphertext),
    decryptGroupMessage: ({ msg }: { msg: Uint8Array }) => lookUp(msg),
  };
  for (const { hash, record } of parts) {
    const stanza: BinaryNode = await decodeBinaryNode(Buffer.from(record.content.stanza));
    const hashes = ciphertextsOf(stanza).map((part) => Buffer.from(part));
    const isFirst = hashes[0]?.equals(hash);
    if (!isFirst || !hashes.every((part) => plaintexts.has(part.toString('hex')))) continue;
    const decoded = decryptMessageNode(stanza, me.id, me.lid ?? '', journalled, logger);
    await decoded.decrypt();
    const { fullMessage: message } = decoded;
    cleanMessage(message, me.id, me.lid ?? '');
    yield { message, hashes, edit: stanza.attrs.edit, isHidden: isHidden(stanza) };
  }
}
