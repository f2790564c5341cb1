import type { BinaryNode } from './node.ts';
import { AD_SERVERS, CodecError, MAX_PACKED, Tag, TOKEN_CODES } from './tokens.ts';

const INITIAL_SIZE = 512;

/** Writes nodes into one growing buffer, because a prekey upload of 40 kB must not cost a push per byte. */
export class NodeWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_SIZE);
  #length = 0;

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#buffer.length) this.#grow(1);
    this.#buffer[this.#length++] = value;
  }

  node(value: BinaryNode): void {
    if (value.tag === '') throw new CodecError('a node needs a tag');
    const names = Object.keys(value.attrs);
    this.#listStart(1 + 2 * names.length + (value.content === undefined ? 0 : 1));
    this.#string(value.tag);
    for (const name of names) {
      const attribute: unknown = value.attrs[name];
      if (typeof attribute !== 'string') throw new CodecError(`attribute ${name} of <${value.tag}> is not a string`);
      this.#string(name);
      this.#string(attribute);
    }
    this.#content(value.content);
  }

  #content(content: BinaryNode['content']): void {
    if (content === undefined) return;
    if (typeof content === 'string') {
      this.#string(content);
    } else if (Array.isArray(content)) {
      this.#listStart(content.length);
      for (const item of content) this.node(item);
    } else {
      this.#lengthPrefix(content.length);
      this.#reserve(content.length);
      this.#buffer.set(content, this.#length);
      this.#length += content.length;
    }
  }

  #string(value: string): void {
    const code = TOKEN_CODES.get(value);
    if (code !== undefined) {
      if (code > 0xff) this.byte(code >> 8);
      this.byte(code & 0xff);
      return;
    }
    const kind = packedKind(value);
    if (kind !== 0) this.#packed(value, kind);
    else if (!this.#jid(value)) this.#raw(value);
  }

  /** Writes a string as an address if its compact form decodes to the same string. */
  #jid(value: string): boolean {
    const at = value.indexOf('@');
    if (at < 0 || at === value.length - 1 || value.includes('@', at + 1)) return false;
    const server = value.slice(at + 1);
    const colon = value.lastIndexOf(':', at);
    if (colon < 0) {
      this.byte(Tag.JID_PAIR);
      if (at === 0) this.byte(Tag.LIST_EMPTY);
      else this.#string(value.slice(0, at));
      this.#string(server);
      return true;
    }
    const domain = AD_SERVERS.get(server);
    const digits = value.slice(colon + 1, at);
    if (domain === undefined || colon === 0 || !/^(0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > 255) return false;
    this.byte(Tag.AD_JID);
    this.byte(domain);
    this.byte(Number(digits));
    this.#string(value.slice(0, colon));
    return true;
  }

  #packed(value: string, tag: number): void {
    const odd = value.length & 1;
    const size = (value.length + odd) >> 1;
    this.byte(tag);
    this.byte((odd << 7) | size);
    this.#reserve(size);
    for (let i = 0; i < value.length; i += 2) {
      const low = i + 1 < value.length ? packedDigit(value.charCodeAt(i + 1)) : 15;
      this.#buffer[this.#length++] = (packedDigit(value.charCodeAt(i)) << 4) | low;
    }
  }

  #raw(value: string): void {
    const size = Buffer.byteLength(value);
    this.#lengthPrefix(size);
    this.#reserve(size);
    this.#length += this.#buffer.write(value, this.#length, 'utf8');
  }

  #lengthPrefix(length: number): void {
    if (length < 0x100) {
      this.byte(Tag.BINARY_8);
      this.byte(length);
      return;
    }
    this.#reserve(5);
    if (length < 1 << 20) {
      this.#buffer[this.#length++] = Tag.BINARY_20;
      this.#length = this.#buffer.writeUIntBE(length, this.#length, 3);
    } else {
      this.#buffer[this.#length++] = Tag.BINARY_32;
      this.#length = this.#buffer.writeUInt32BE(length, this.#length);
    }
  }

  #listStart(size: number): void {
    if (size > 0xffff) throw new CodecError(`a list of ${size} entries cannot be written`);
    if (size === 0) {
      this.byte(Tag.LIST_EMPTY);
      return;
    }
    this.byte(size < 0x100 ? Tag.LIST_8 : Tag.LIST_16);
    if (size >= 0x100) this.byte(size >> 8);
    this.byte(size & 0xff);
  }

  #reserve(count: number): void {
    if (this.#length + count > this.#buffer.length) this.#grow(count);
  }

  #grow(count: number): void {
    const next = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + count));
    this.#buffer.copy(next, 0, 0, this.#length);
    this.#buffer = next;
  }
}

/**
 * NIBBLE_8, HEX_8, or 0 for a string that cannot be packed. Lower-case hex cannot, because it would decode to upper
 * case.
 */
function packedKind(value: string): number {
  if (value.length === 0 || value.length > MAX_PACKED) return 0;
  let hex = false;
  let nibble = false;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c >= 48 && c <= 57) continue;
    if (c === 45 || c === 46) nibble = true;
    else if (c >= 65 && c <= 70) hex = true;
    else return 0;
    if (nibble && hex) return 0;
  }
  return hex ? Tag.HEX_8 : Tag.NIBBLE_8;
}

/** '0'..'9' are 0..9; '-' and '.' (nibbles) and 'A'..'F' (hex) share 10..15. */
function packedDigit(c: number): number {
  if (c <= 46) return c === 45 ? 10 : 11;
  return c <= 57 ? c - 48 : c - 55;
}
