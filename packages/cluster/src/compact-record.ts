import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** First byte of the form. JSON text never begins with it. */
const FORM = 1;

/**
 * What every session record of libsignal consists of beside its keys, and the alphabet of those. Deflate refers to it
 * instead of storing it. Stored records refer to these bytes, so they never change: another dictionary is another form.
 */
const DICTIONARY = Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=' +
    '"pendingPreKey":{"signedKeyId":1,"baseKey":"","preKeyId":1},"messageKeys":{"0":"","1":""}' +
    '{"_sessions":{"":{"registrationId":,"currentRatchet":{"ephemeralKeyPair":{"pubKey":"","privKey":""},' +
    '"lastRemoteEphemeralKey":"","previousCounter":0,"rootKey":""},"indexInfo":{"baseKey":"","baseKeyType":1,"closed":-1,' +
    '"used":17,"created":17,"remoteIdentityKey":""},"_chains":{"":{"chainKey":{"counter":0,"key":""},"chainType":1,' +
    '"messageKeys":{}},"":{"chainKey":{"counter":,"key":""},"chainType":2,"messageKeys":{}}}}},"version":"v1"}',
);

/** One record is some thousand characters: a small window, which costs little to set up. */
const OPTIONS = { level: 6, windowBits: 12, memLevel: 5, dictionary: DICTIONARY } as const;

/** Compresses the JSON of a session record to less than half: keys are base64, and names are always the same. */
export const encodeCompact = (value: unknown): Buffer => compactJson(JSON.stringify(value));

/** The same of a value that is JSON already. */
export const compactJson = (json: string): Buffer => Buffer.concat([Buffer.of(FORM), deflateRawSync(json, OPTIONS)]);

/** @throws {Error} for bytes that {@link encodeCompact} has not made */
export const decodeCompact = (bytes: Buffer): unknown =>
  JSON.parse(inflateRawSync(bytes.subarray(1), OPTIONS).toString());

export const isCompact = (bytes: Uint8Array): boolean => bytes[0] === FORM;
