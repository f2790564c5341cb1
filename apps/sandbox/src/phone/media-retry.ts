import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import { hkdf } from '../signal/kdf.ts';
import { type BinaryNode, bytes, child, node } from '../wire/node.ts';
import type { PhoneCore } from './core.ts';
import { publish } from './media.ts';

const { ResultType } = proto.MediaRetryNotification;
const TAG_LENGTH = 16;

/**
 * Answers a companion that did not find a file on the media host: the phone uploads it again. The answer has the new
 * address, sealed with a key that only owners of the message can derive.
 */
export async function answerMediaRetry(phone: PhoneCore, companion: Companion, request: BinaryNode): Promise<void> {
  const { id = '' } = request.attrs;
  const entry = phone.inbox.findById(id);
  const rmr = child(request, 'rmr');
  const fault = phone.deps.server().refusesFile(companion.key);
  if (fault === 'silent') return;
  if (fault) {
    const code = fault === 'unreadable' ? ResultType.DECRYPTION_ERROR : ResultType.NOT_FOUND;
    send(phone, companion, id, rmr, node('error', { code: String(code) }));
    return;
  }
  if (!entry?.media || !rmr) {
    send(phone, companion, id, rmr, node('error', { code: String(ResultType.NOT_FOUND) }));
    return;
  }
  const key = hkdf(Buffer.from(entry.media.mediaKey, 'base64'), 32, 'WhatsApp Media Retry Notification');
  if (!namesMessage(child(request, 'encrypt'), key, id)) {
    phone.deps.recorder.violation(companion.key, 'media-retry', `request for ${id} is not sealed with its media key`);
    send(phone, companion, id, rmr, node('error', { code: String(ResultType.DECRYPTION_ERROR) }));
    return;
  }
  const enc = await phone.deps.media.read(entry.media.path);
  if (!enc) {
    send(phone, companion, id, rmr, node('error', { code: String(ResultType.NOT_FOUND) }));
    return;
  }
  const { directPath } = await publish(phone.deps, enc);
  entry.media.path = directPath;
  phone.inbox.save(entry);
  const answer = proto.MediaRetryNotification.encode({ stanzaId: id, directPath, result: ResultType.SUCCESS }).finish();
  send(phone, companion, id, rmr, seal(answer, key, id));
}

function send(
  phone: PhoneCore,
  companion: Companion,
  id: string,
  rmr: BinaryNode | undefined,
  answer: BinaryNode,
): void {
  const attrs = { id, from: phone.account.jid, type: 'mediaretry', t: String(unixSeconds()) };
  phone.deps.server().deliver(companion, node('notification', attrs, [answer, rmr ?? node('rmr')]));
}

function seal(plain: Uint8Array, key: Buffer, id: string): BinaryNode {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_LENGTH });
  cipher.setAAD(Buffer.from(id));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return node('encrypt', {}, [node('enc_p', {}, sealed), node('enc_iv', {}, iv)]);
}

/** Whether the request proves that the companion has the message. */
function namesMessage(encrypt: BinaryNode | undefined, key: Buffer, id: string): boolean {
  const sealed = bytes(child(encrypt, 'enc_p'));
  const iv = bytes(child(encrypt, 'enc_iv'));
  if (!sealed || sealed.length <= TAG_LENGTH || iv?.length !== 12) return false;
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_LENGTH });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
  try {
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_LENGTH)), decipher.final()]);
    return proto.ServerErrorReceipt.decode(plain).stanzaId === id;
  } catch {
    return false;
  }
}
