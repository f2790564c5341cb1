/**
 * JSON values as bytes, for records that are mostly keys in base64. A string that is base64 is stored as its bytes, and
 * one that came before as its number; member names that are frequent are numbers too. The form knows no library's
 * records: what a later version of a library adds is stored like everything else.
 */

/** First byte of the form. JSON text never begins with it. */
const VERSION = 1;

const TAG = { null: 0, false: 1, true: 2, integer: 3, double: 4, text: 5, base64: 6, repeated: 7, array: 8, object: 9 };

/** Names by number, beginning at 1; 0 stands before a name in full. Entries are appended, never moved or removed. */
const NAMES = [
  '_sessions',
  'version',
  'registrationId',
  'currentRatchet',
  'ephemeralKeyPair',
  'pubKey',
  'privKey',
  'lastRemoteEphemeralKey',
  'previousCounter',
  'rootKey',
  'indexInfo',
  'baseKey',
  'baseKeyType',
  'closed',
  'used',
  'created',
  'remoteIdentityKey',
  '_chains',
  'chainKey',
  'counter',
  'key',
  'chainType',
  'messageKeys',
  'pendingPreKey',
  'signedKeyId',
  'preKeyId',
];
const NUMBERS = new Map(NAMES.map((name, index) => [name, index + 1]));

/** Shorter strings save nothing as bytes. */
const MIN_BASE64 = 8;
const MAX_VARINT_BYTES = 10;
const BASE64_GROUP = 4;

class Writer {
  #bytes = Buffer.allocUnsafe(2_048);
  #end = 0;
  readonly #seen = new Map<string, number>();

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#end));
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = value;
  }

  varint(value: number): void {
    this.#reserve(MAX_VARINT_BYTES);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#end++] = (rest % 0x80) + 0x80;
    this.#bytes[this.#end++] = rest;
  }

  value(value: unknown): void {
    if (value === null || value === undefined) this.byte(TAG.null);
    else if (typeof value === 'boolean') this.byte(value ? TAG.true : TAG.false);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#string(value);
    else if (Array.isArray(value)) {
      this.byte(TAG.array);
      this.varint(value.length);
      for (const item of value) this.value(item);
    } else this.#object(value as Record<string, unknown>);
  }

  #number(value: number): void {
    // Negative zero, and what JSON cannot express, become what JSON makes of them.
    if (Number.isInteger(value) && Number.isSafeInteger(value * 2)) {
      this.byte(TAG.integer);
      this.varint(value < 0 ? -value * 2 - 1 : value * 2);
    } else if (Number.isFinite(value)) {
      this.byte(TAG.double);
      this.#reserve(8);
      this.#end = this.#bytes.writeDoubleLE(value, this.#end);
    } else this.byte(TAG.null);
  }

  #string(value: string): void {
    const known = this.#seen.get(value);
    if (known !== undefined) {
      this.byte(TAG.repeated);
      this.varint(known);
      return;
    }
    if (value.length < MIN_BASE64) {
      this.#text(value);
      return;
    }
    this.#seen.set(value, this.#seen.size);
    if (value.length % BASE64_GROUP === 0) {
      const bytes = Buffer.from(value, 'base64');
      // Only what comes back as it was: other strings look like base64, too.
      if (bytes.toString('base64') === value) {
        this.byte(TAG.base64);
        this.#raw(bytes);
        return;
      }
    }
    this.#text(value);
  }

  #text(value: string): void {
    this.byte(TAG.text);
    this.#raw(Buffer.from(value));
  }

  #raw(bytes: Buffer): void {
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#end += bytes.copy(this.#bytes, this.#end);
  }

  #object(value: Record<string, unknown>): void {
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    this.byte(TAG.object);
    this.varint(names.length);
    for (const name of names) {
      const number = NUMBERS.get(name) ?? 0;
      this.byte(number);
      if (number === 0) this.#string(name);
      this.value(value[name]);
    }
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#end + length) * 2);
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

class Reader {
  #at = 1;
  readonly #bytes: Buffer;
  readonly #seen: string[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError('A compact record ends too early.');
    return value;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.byte();
      value += (byte % 0x80) * factor;
      if (byte < 0x80) return value;
    }
  }

  value(): unknown {
    const tag = this.byte();
    switch (tag) {
      case TAG.null:
        return null;
      case TAG.false:
      case TAG.true:
        return tag === TAG.true;
      case TAG.integer: {
        const number = this.varint();
        return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
      }
      case TAG.double: {
        this.#at += 8;
        return this.#bytes.readDoubleLE(this.#at - 8);
      }
      case TAG.text:
      case TAG.base64:
      case TAG.repeated:
        return this.#string(tag);
      case TAG.array:
        return Array.from({ length: this.varint() }, () => this.value());
      case TAG.object:
        return this.#object();
      default:
        throw new RangeError(`A compact record has the unknown tag ${tag}: a later version has written it.`);
    }
  }

  #string(tag: number): string {
    const number = this.varint();
    if (tag === TAG.repeated) {
      const known = this.#seen[number];
      if (known === undefined) throw new RangeError('A compact record refers to nothing.');
      return known;
    }
    this.#at += number;
    if (this.#at > this.#bytes.length) throw new RangeError('A compact record ends too early.');
    const value = this.#bytes.toString(tag === TAG.base64 ? 'base64' : 'utf8', this.#at - number, this.#at);
    if (value.length >= MIN_BASE64) this.#seen.push(value);
    return value;
  }

  #object(): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (let rest = this.varint(); rest > 0; rest -= 1) {
      const number = this.byte();
      const name = number === 0 ? this.#string(this.byte()) : NAMES[number - 1];
      if (name === undefined) throw new RangeError(`A compact record has the unknown name ${number}.`);
      // A member called `__proto__` is a member, as in JSON.
      if (name === '__proto__') Object.defineProperty(value, name, { value: this.value(), ...OWN });
      else value[name] = this.value();
    }
    return value;
  }
}

const OWN = { enumerable: true, configurable: true, writable: true };

/** The value as `JSON.parse(JSON.stringify(value))` would give it back; it holds no object with a `toJSON`. */
export function encodeCompact(value: unknown): Buffer {
  const writer = new Writer();
  writer.byte(VERSION);
  writer.value(value);
  return writer.finish();
}

/** @throws {RangeError} for bytes that {@link encodeCompact} has not made */
export const decodeCompact = (bytes: Buffer): unknown => new Reader(bytes).value();

export const isCompact = (bytes: Uint8Array): boolean => bytes[0] === VERSION;
