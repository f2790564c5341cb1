import { proto, unpadRandomMax16, writeRandomPadMax16 } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateKeyPair } from './curve.ts';
import {
  pad,
  readPreKeyMessage,
  readSenderKeyMessage,
  SignalFormatError,
  unpad,
  writePreKeyMessage,
} from './signal-messages.ts';
import { readFields } from './wire-fields.ts';

const bytes = fc.uint8Array({ maxLength: 100 }).map((data) => Buffer.from(data));

describe('padding', () => {
  test('is taken off again, by us and by Baileys', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(unpad(pad(data)).equals(data)).toBe(true);
        expect(Buffer.from(unpadRandomMax16(pad(data))).equals(data)).toBe(true);
        expect(unpad(Buffer.from(writeRandomPadMax16(data))).equals(data)).toBe(true);
      }),
    );
  });

  test.each(['', '00', '11', '010203', '02'])('%s is not padded', (hex) => {
    expect(() => unpad(Buffer.from(hex, 'hex'))).toThrow(SignalFormatError);
  });
});

describe('messages', () => {
  test('a prekey message reads back, with and without one-time prekey', () => {
    const [baseKey, identityKey] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
    const message = {
      registrationId: 16_383,
      signedPreKeyId: 1 << 23,
      baseKey,
      identityKey,
      message: Buffer.from('x'),
    };
    for (const preKeyId of [undefined, 0, 812, 0xffffff]) {
      expect(readPreKeyMessage(writePreKeyMessage({ ...message, preKeyId }))).toEqual({ ...message, preKeyId });
    }
  });

  test('fields are those of the published definition', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), bytes, (id, iteration, ciphertext) => {
        const body = proto.SenderKeyMessage.encode({ id, iteration, ciphertext }).finish();
        const read = readSenderKeyMessage(Buffer.concat([Buffer.from([0x33]), body, Buffer.alloc(64)]));
        expect(read).toMatchObject({ senderKeyId: id, iteration });
        expect(read.ciphertext.equals(ciphertext)).toBe(true);
      }),
    );
  });

  test('garbage is a SignalFormatError', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        try {
          readFields(data);
          readPreKeyMessage(Buffer.concat([Buffer.from([0x33]), data]));
        } catch (error) {
          expect(error).toBeInstanceOf(SignalFormatError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
