import { createHash } from 'node:crypto';
import type { Companion, DeviceRef } from '../../accounts/account.ts';
import type { SignedPreKey } from '../../accounts/companion.ts';
import { prefixed, xeddsaVerify } from '../../signal/curve.ts';
import { type BinaryNode, bytes, child, children, node, uint } from '../../wire/node.ts';
import type { ServerBase } from '../base.ts';
import { countPreKeys, takePreKey } from '../prekeys.ts';
import { readKey } from '../retry-bundle.ts';
import { answer, type IqRequest, refuseIq, refuseUnknown } from './answer.ts';

const KEY_TYPE = Buffer.from([5]);

/** Signal keys: publishes those of a companion, and returns those of others. */
export function handleEncryptIq(request: IqRequest): void {
  const { context, connection, companion, iq, query } = request;
  if (iq.attrs.type === 'set') {
    if (query?.tag === 'rotate') rotateSignedPreKey(request);
    else uploadKeys(request);
    return;
  }
  switch (query?.tag) {
    case 'count':
      answer(connection, iq, [node('count', { value: String(countPreKeys(context, companion)) })]);
      return;
    case 'digest':
      answer(connection, iq, [digest(companion)]);
      return;
    case 'key':
      answerBundles(request);
      return;
    default:
      refuseUnknown(request);
  }
}

function uploadKeys({ context, connection, companion, iq }: IqRequest): void {
  const { recorder } = context;
  const registration = bytes(child(iq, 'registration'));
  const identity = bytes(child(iq, 'identity'));
  if (registration && registration.readUIntBE(0, registration.length) !== companion.registrationId) {
    recorder.violation(companion.key, 'registration-id-changed', registration.toString('hex'));
  }
  if (identity && !identity.equals(companion.identityKey)) {
    recorder.violation(companion.key, 'identity-changed', 'uploaded prekeys for another identity');
    refuseIq(connection, iq, 406, 'not-acceptable');
    return;
  }
  const signed = readSignedPreKey(context, companion, child(iq, 'skey'));
  const uploaded = children(child(iq, 'list'), 'key').map(readKey);
  const keys = uploaded.filter((key) => key !== null);
  if (!signed || keys.length !== uploaded.length) {
    if (signed)
      recorder.violation(companion.key, 'malformed-prekey', `${uploaded.length - keys.length} of ${uploaded.length}`);
    refuseIq(connection, iq, 406, 'not-acceptable');
    return;
  }
  companion.signedPreKey = signed;
  const clashing = companion.preKeys.add(keys);
  if (clashing.length) recorder.violation(companion.key, 'prekey-id-reused', clashing.join(','));
  companion.savePreKeys();
  answer(connection, iq);
}

function rotateSignedPreKey({ context, connection, companion, iq, query }: IqRequest): void {
  const signed = readSignedPreKey(context, companion, child(query, 'skey'));
  if (!signed) {
    refuseIq(connection, iq, 406, 'not-acceptable');
    return;
  }
  companion.signedPreKey = signed;
  companion.save();
  answer(connection, iq);
}

/** Reads a signed prekey and checks its signature; null when it is invalid, which is recorded. */
function readSignedPreKey(
  { recorder }: Pick<ServerBase, 'recorder'>,
  companion: Companion,
  skey: BinaryNode | undefined,
): SignedPreKey | null {
  const key = readKey(skey);
  const signature = bytes(child(skey, 'signature'));
  if (key && signature && xeddsaVerify(companion.identityKey, prefixed(key.publicKey), signature)) {
    return { ...key, signature: Buffer.from(signature) };
  }
  recorder.violation(companion.key, 'signed-prekey-signature', key ? `signed prekey ${key.id}` : 'malformed');
  return null;
}

/** The digest of the stored keys of a companion, with which it detects a difference. */
function digest(companion: Companion): BinaryNode {
  const { signedPreKey, identityKey } = companion;
  const left = companion.preKeys.left();
  const hash = createHash('sha1').update(identityKey).update(signedPreKey.publicKey).update(signedPreKey.signature);
  for (const { publicKey } of left) hash.update(publicKey);
  return node('digest', {}, [
    node('registration', {}, uint(companion.registrationId, 4)),
    node('type', {}, KEY_TYPE),
    node('identity', {}, identityKey),
    signedPreKeyNode(signedPreKey),
    node(
      'list',
      {},
      left.map(({ id }) => node('id', {}, uint(id, 3))),
    ),
    node('hash', {}, hash.digest()),
  ]);
}

function answerBundles({ context, connection, iq, query }: IqRequest): void {
  const users = children(query, 'user').flatMap(({ attrs: { jid = '' } }) => {
    const ref = context.directory.resolve(jid);
    // A missing user is left out: for an error child the client would drop the whole batch.
    const bundle = ref && bundleNode(context, ref, jid);
    if (!bundle) context.recorder.unknownStanza('keys of an unknown device');
    return bundle ?? [];
  });
  answer(connection, iq, [node('list', {}, users)]);
}

function bundleNode(context: ServerBase, { account, device }: DeviceRef, jid: string): BinaryNode | null {
  if (device === 0) {
    const { keys } = context.phones.of(account);
    const exhausted = context.faults.take('prekeys-exhausted', `${account.number}:0`);
    const preKey = exhausted ? null : context.recorder.cpu.span('phone', () => keys.takePreKey());
    return userNode(jid, keys.registrationId, keys.identity.publicKey, preKey, keys.signedPreKey);
  }
  const companion = account.companions.get(device);
  if (!companion) return null;
  const preKey = takePreKey(context, companion);
  return userNode(
    jid,
    companion.registrationId,
    companion.identityKey,
    preKey,
    companion.signedPreKey,
    companion.signedIdentity,
  );
}

function userNode(
  jid: string,
  registrationId: number,
  identityKey: Buffer,
  preKey: { id: number; publicKey: Buffer } | null,
  signedPreKey: SignedPreKey,
  deviceIdentity?: Buffer,
): BinaryNode {
  return node('user', { jid }, [
    node('registration', {}, uint(registrationId, 4)),
    node('type', {}, KEY_TYPE),
    node('identity', {}, identityKey),
    ...(preKey ? [node('key', {}, [node('id', {}, uint(preKey.id, 3)), node('value', {}, preKey.publicKey)])] : []),
    signedPreKeyNode(signedPreKey),
    ...(deviceIdentity ? [node('device-identity', {}, deviceIdentity)] : []),
  ]);
}

function signedPreKeyNode({ id, publicKey, signature }: SignedPreKey): BinaryNode {
  return node('skey', {}, [
    node('id', {}, uint(id, 3)),
    node('value', {}, publicKey),
    node('signature', {}, signature),
  ]);
}
