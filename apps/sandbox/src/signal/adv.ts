import { createHmac } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { xeddsaSign, xeddsaVerify } from './curve.ts';

/**
 * The signed identity of a companion device. The phone signs the identity of the companion and seals it with the secret
 * of the QR code. The companion signs it, too. Both signatures form the `device-identity` that peers get.
 */
const PREFIX_ACCOUNT = Buffer.from([6, 0]);
const PREFIX_DEVICE = Buffer.from([6, 1]);
const PREFIX_HOSTED_ACCOUNT = Buffer.from([6, 5]);
const NOTHING = Buffer.alloc(0);

export class AdvError extends Error {
  override readonly name = 'AdvError';
}

export interface DeviceIdentityRequest {
  phoneIdentity: { publicKey: Buffer; privateKey: Buffer };
  companionIdentity: Buffer;
  /** The secret shared by QR or pairing code: the companion checks the HMAC made with it. */
  advSecret: Buffer;
  rawId: number;
  keyIndex: number;
  /** Unix seconds. */
  timestamp: number;
  hosted?: boolean;
}

export interface DeviceIdentity {
  /** Content of `device-identity` in `pair-success`. */
  content: Buffer;
  /** The signed ADVDeviceIdentity bytes. */
  details: Buffer;
  accountSignature: Buffer;
}

/** Makes the identity that the phone issues when it links a companion. */
export function makeDeviceIdentity(request: DeviceIdentityRequest): DeviceIdentity {
  const { phoneIdentity, companionIdentity, advSecret, rawId, keyIndex, timestamp, hosted = false } = request;
  const encryption = hosted ? proto.ADVEncryptionType.HOSTED : proto.ADVEncryptionType.E2EE;
  const details = Buffer.from(
    proto.ADVDeviceIdentity.encode({
      rawId,
      timestamp,
      keyIndex,
      accountType: encryption,
      deviceType: encryption,
    }).finish(),
  );
  const accountSignature = xeddsaSign(
    phoneIdentity.privateKey,
    Buffer.concat([hosted ? PREFIX_HOSTED_ACCOUNT : PREFIX_ACCOUNT, details, companionIdentity]),
  );
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: phoneIdentity.publicKey,
    accountSignature,
  }).finish();
  const hmac = createHmac('sha256', advSecret)
    .update(hosted ? PREFIX_HOSTED_ACCOUNT : NOTHING)
    .update(signed)
    .digest();
  const envelope = { details: signed, hmac, ...(hosted ? { accountType: encryption } : {}) };
  return {
    content: Buffer.from(proto.ADVSignedDeviceIdentityHMAC.encode(envelope).finish()),
    details,
    accountSignature,
  };
}

export interface DeviceSignatureCheck {
  /** Content of `device-identity` in the companion's `pair-device-sign`. */
  signed: Buffer;
  /** The result of `makeDeviceIdentity`: the companion must return exactly this. */
  issued: DeviceIdentity;
  phoneIdentity: Buffer;
  companionIdentity: Buffer;
}

/**
 * Checks the companion's counter-signature and returns the complete ADVSignedDeviceIdentity, which accompanies its
 * prekey messages and key bundles from now on. Throws AdvError.
 */
export function verifyDeviceSignature(check: DeviceSignatureCheck): Buffer {
  const { signed, issued, phoneIdentity, companionIdentity } = check;
  let reply: proto.ADVSignedDeviceIdentity;
  try {
    reply = proto.ADVSignedDeviceIdentity.decode(signed);
  } catch (cause) {
    throw new AdvError('device identity cannot be read', { cause });
  }
  const details = Buffer.from(reply.details ?? NOTHING);
  const accountSignature = Buffer.from(reply.accountSignature ?? NOTHING);
  const deviceSignature = Buffer.from(reply.deviceSignature ?? NOTHING);
  if (!details.equals(issued.details)) throw new AdvError('companion returned other details than were issued');
  if (!accountSignature.equals(issued.accountSignature)) throw new AdvError('companion changed the account signature');
  const message = Buffer.concat([PREFIX_DEVICE, details, companionIdentity, phoneIdentity]);
  if (!xeddsaVerify(companionIdentity, message, deviceSignature)) {
    throw new AdvError('device signature does not verify');
  }
  const complete = { details, accountSignatureKey: phoneIdentity, accountSignature, deviceSignature };
  return Buffer.from(proto.ADVSignedDeviceIdentity.encode(complete).finish());
}

/** The side of the companion: checks the content of `pair-success` and signs it. */
export function signDeviceIdentity(options: {
  content: Buffer;
  advSecret: Buffer;
  companionIdentity: { publicKey: Buffer; privateKey: Buffer };
}): { reply: Buffer; keyIndex: number; phoneIdentity: Buffer; complete: Buffer } {
  const { advSecret, companionIdentity } = options;
  const envelope = proto.ADVSignedDeviceIdentityHMAC.decode(options.content);
  const signed = Buffer.from(envelope.details ?? NOTHING);
  const hmac = createHmac('sha256', advSecret).update(signed).digest();
  if (!hmac.equals(envelope.hmac ?? NOTHING)) throw new AdvError('device identity is sealed with another secret');
  const account = proto.ADVSignedDeviceIdentity.decode(signed);
  const details = Buffer.from(account.details ?? NOTHING);
  const phoneIdentity = Buffer.from(account.accountSignatureKey ?? NOTHING);
  const accountSignature = Buffer.from(account.accountSignature ?? NOTHING);
  const claim = Buffer.concat([PREFIX_ACCOUNT, details, companionIdentity.publicKey]);
  if (!xeddsaVerify(phoneIdentity, claim, accountSignature)) throw new AdvError('account signature does not verify');
  const deviceSignature = xeddsaSign(
    companionIdentity.privateKey,
    Buffer.concat([PREFIX_DEVICE, details, companionIdentity.publicKey, phoneIdentity]),
  );
  const encode = (value: proto.IADVSignedDeviceIdentity): Buffer =>
    Buffer.from(proto.ADVSignedDeviceIdentity.encode(value).finish());
  return {
    reply: encode({ details, accountSignature, deviceSignature }),
    keyIndex: proto.ADVDeviceIdentity.decode(details).keyIndex ?? 0,
    phoneIdentity,
    complete: encode({ details, accountSignatureKey: phoneIdentity, accountSignature, deviceSignature }),
  };
}
