import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { type BinaryNode, jidNormalizedUser, proto } from './baileys.ts';

/** The message whose file the phone is asked to upload again. */
export interface LostFile {
  waMessageId: string;
  chatJid: string;
  fromMe: boolean;
  /** Who wrote it, in a group. */
  participant?: string | undefined;
  mediaKey: Buffer;
}

/** What the phone says to such a question. Sealed: only those who have the message can read it. */
export interface MediaRetryAnswer {
  waMessageId: string;
  chatJid: string;
  fromMe: boolean;
  /** The code of a refusal. */
  error?: number;
  sealed?: { ciphertext: Buffer; iv: Buffer };
}

const { ResultType } = proto.MediaRetryNotification;
const TAG_BYTES = 16;
const IV_BYTES = 12;

const keyOf = (mediaKey: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), 'WhatsApp Media Retry Notification', 32));

/** The receipt by which a companion asks its own phone to upload a file again. */
export function mediaRetryReceipt(
  { waMessageId, chatJid, fromMe, participant, mediaKey }: LostFile,
  own: string,
): BinaryNode {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(mediaKey), iv).setAAD(Buffer.from(waMessageId));
  const plain = proto.ServerErrorReceipt.encode({ stanzaId: waMessageId }).finish();
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return {
    tag: 'receipt',
    attrs: { id: waMessageId, to: jidNormalizedUser(own), type: 'server-error' },
    content: [
      {
        tag: 'encrypt',
        attrs: {},
        content: [
          { tag: 'enc_p', attrs: {}, content: sealed },
          { tag: 'enc_iv', attrs: {}, content: iv },
        ],
      },
      {
        tag: 'rmr',
        attrs: { jid: chatJid, from_me: String(fromMe), ...(participant && { participant }) },
      },
    ],
  };
}

/** Reads the notification with the answer; `null`: it is something else. */
export function readMediaRetryAnswer(node: BinaryNode): MediaRetryAnswer | null {
  if (node.attrs.type !== 'mediaretry' || !node.attrs.id) return null;
  const rmr = childOf(node, 'rmr');
  const error = childOf(node, 'error');
  const encrypt = childOf(node, 'encrypt');
  const ciphertext = bytesOf(childOf(encrypt, 'enc_p'));
  const iv = bytesOf(childOf(encrypt, 'enc_iv'));
  return {
    waMessageId: node.attrs.id,
    chatJid: rmr?.attrs.jid ?? '',
    fromMe: rmr?.attrs.from_me === 'true',
    ...(error && { error: Number(error.attrs.code ?? ResultType.GENERAL_ERROR) }),
    ...(ciphertext && iv && { sealed: { ciphertext, iv } }),
  };
}

/** Why a phone has not uploaded a file again, in words. */
const REFUSALS: Readonly<Record<number, string>> = {
  [ResultType.GENERAL_ERROR]: 'The phone could not upload the file again.',
  [ResultType.NOT_FOUND]: 'The phone does not have the file any more.',
  [ResultType.DECRYPTION_ERROR]: 'The phone could not read the question for the file.',
};

/**
 * The new place of a file, or why there is none. Own code, because `updateMediaMessage` of rc14 waits for ever, and
 * does not know video notes and moving stickers.
 */
export function openMediaRetryAnswer(
  { waMessageId, error, sealed }: MediaRetryAnswer,
  mediaKey: Buffer,
): { directPath: string } | { refusal: string } {
  if (error !== undefined) return { refusal: REFUSALS[error] ?? `The phone has refused it (${error}).` };
  const answer = sealed && unseal(sealed, mediaKey, waMessageId);
  if (!answer || answer.stanzaId !== waMessageId) return { refusal: 'The answer of the phone cannot be read.' };
  if (answer.result === ResultType.SUCCESS && answer.directPath) return { directPath: answer.directPath };
  return { refusal: REFUSALS[answer.result ?? ResultType.GENERAL_ERROR] ?? 'The phone has refused it.' };
}

function unseal(
  { ciphertext, iv }: NonNullable<MediaRetryAnswer['sealed']>,
  mediaKey: Buffer,
  id: string,
): proto.MediaRetryNotification | null {
  if (ciphertext.length <= TAG_BYTES || iv.length !== IV_BYTES) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(mediaKey), iv).setAAD(Buffer.from(id));
    decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]);
    return proto.MediaRetryNotification.decode(plain);
  } catch {
    return null;
  }
}

const childOf = (node: BinaryNode | undefined, tag: string): BinaryNode | undefined =>
  Array.isArray(node?.content) ? node.content.find((child) => child.tag === tag) : undefined;

const bytesOf = (node: BinaryNode | undefined): Buffer | undefined =>
  node?.content instanceof Uint8Array ? Buffer.from(node.content) : undefined;
