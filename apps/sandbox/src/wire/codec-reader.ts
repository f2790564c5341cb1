import type { BinaryNode } from './node.ts';
import { AD_SERVERS, CodecError, DOUBLE_TOKENS, SINGLE_TOKENS, Tag } from './tokens.ts';

/** The maximum of nesting, above that of any stanza. It bounds the recursion for hostile input. */
const MAX_DEPTH = 32;
const NIBBLES = '0123456789-.';
const HEX = '0123456789ABCDEF';
const AD_DOMAINS = new Map([...AD_SERVERS].map(([server, domain]) => [domain, server]));

/** Reads exactly one node from `data` at `offset`; remaining bytes are an error. */
export function decodeNodeBytes(data: Buffer, offset: number): BinaryNode {
  const reader = new NodeReader(data, offset);
  const value = reader.node(0);
  reader.end();
  return value;
}

class NodeReader {
  readonly #data: Buffer;
  #at: number;

  constructor(data: Buffer, offset: number) {
    this.#data = data;
    this.#at = offset;
  }

  end(): void {
    const left = this.#data.length - this.#at;
    if (left !== 0) throw new CodecError(`${left} bytes after the node`);
  }

  node(depth: number): BinaryNode {
    if (depth > MAX_DEPTH) throw new CodecError('nodes are nested too deeply');
    const size = this.#listSize(this.#byte());
    if (size === 0) throw new CodecError('a node without a tag');
    const tag = this.#string(this.#byte());
    if (tag === '') throw new CodecError('a node with an empty tag');
    const attrs: Record<string, string> = {};
    for (let i = (size - 1) >> 1; i > 0; i--) {
      const name = this.#string(this.#byte());
      attrs[name] = this.#string(this.#byte());
    }
    return (size & 1) === 1 ? { tag, attrs } : { tag, attrs, content: this.#content(depth) };
  }

  #content(depth: number): BinaryNode[] | Buffer | string {
    const tag = this.#byte();
    switch (tag) {
      case Tag.LIST_EMPTY:
      case Tag.LIST_8:
      case Tag.LIST_16: {
        const items: BinaryNode[] = [];
        for (let left = this.#listSize(tag); left > 0; left--) items.push(this.node(depth + 1));
        return items;
      }
      case Tag.BINARY_8:
      case Tag.BINARY_20:
      case Tag.BINARY_32:
        return this.#take(this.#binaryLength(tag));
      default:
        return this.#string(tag);
    }
  }

  #string(tag: number): string {
    if (tag > 0 && tag < SINGLE_TOKENS.length) return SINGLE_TOKENS[tag]!;
    if (tag >= Tag.DICTIONARY_0 && tag <= Tag.DICTIONARY_3) return this.#doubleToken(tag - Tag.DICTIONARY_0);
    switch (tag) {
      case Tag.LIST_EMPTY:
        return '';
      case Tag.BINARY_8:
      case Tag.BINARY_20:
      case Tag.BINARY_32:
        return this.#take(this.#binaryLength(tag)).toString('utf8');
      case Tag.NIBBLE_8:
        return this.#packed(NIBBLES);
      case Tag.HEX_8:
        return this.#packed(HEX);
      case Tag.JID_PAIR:
        return this.#jidPair();
      case Tag.AD_JID:
        return this.#deviceJid();
      case Tag.FB_JID: {
        const user = this.#string(this.#byte());
        const device = this.#uint(2);
        return `${user}:${device}@${this.#string(this.#byte())}`;
      }
      case Tag.INTEROP_JID: {
        const user = this.#string(this.#byte());
        const device = this.#uint(2);
        const integrator = this.#uint(2);
        return `${integrator}-${user}:${device}@${this.#string(this.#byte())}`;
      }
      default:
        throw new CodecError(`no string starts with byte ${tag}`);
    }
  }

  #doubleToken(dictionary: number): string {
    const index = this.#byte();
    const token = DOUBLE_TOKENS[dictionary]?.[index];
    if (token === undefined) throw new CodecError(`no token ${index} in dictionary ${dictionary}`);
    return token;
  }

  #packed(alphabet: string): string {
    const head = this.#byte();
    const packed = this.#take(head & 0x7f);
    const odd = head >> 7;
    if (odd === 1 && packed.length === 0) throw new CodecError('packed string of odd but zero length');
    let out = '';
    for (let i = 0; i < packed.length; i++) {
      const pair = packed[i]!;
      const isLast = odd === 1 && i === packed.length - 1;
      out += packedCharacter(alphabet, pair >> 4);
      if (!isLast) out += packedCharacter(alphabet, pair & 15);
      else if ((pair & 15) !== 15) throw new CodecError('packed string of odd length without its filler');
    }
    return out;
  }

  #jidPair(): string {
    const user = this.#string(this.#byte());
    const server = this.#string(this.#byte());
    if (server === '') throw new CodecError('address without a server');
    return `${user}@${server}`;
  }

  #deviceJid(): string {
    const domain = this.#byte();
    const device = this.#byte();
    const server = AD_DOMAINS.get(domain);
    if (server === undefined) throw new CodecError(`no address domain ${domain}`);
    const user = this.#string(this.#byte());
    return device === 0 ? `${user}@${server}` : `${user}:${device}@${server}`;
  }

  #listSize(tag: number): number {
    if (tag === Tag.LIST_EMPTY) return 0;
    if (tag === Tag.LIST_8) return this.#byte();
    if (tag === Tag.LIST_16) return this.#uint(2);
    throw new CodecError(`no list starts with byte ${tag}`);
  }

  #binaryLength(tag: number): number {
    if (tag === Tag.BINARY_8) return this.#byte();
    return tag === Tag.BINARY_20 ? this.#uint(3) & 0xfffff : this.#uint(4);
  }

  #byte(): number {
    const value = this.#data[this.#at];
    if (value === undefined) throw new CodecError('end of data');
    this.#at++;
    return value;
  }

  #uint(size: number): number {
    if (this.#at + size > this.#data.length) throw new CodecError('end of data');
    const value = this.#data.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  #take(size: number): Buffer {
    if (this.#at + size > this.#data.length) throw new CodecError('end of data');
    const value = this.#data.subarray(this.#at, this.#at + size);
    this.#at += size;
    return value;
  }
}

function packedCharacter(alphabet: string, value: number): string {
  const character = alphabet[value];
  if (character === undefined) throw new CodecError(`no packed character ${value}`);
  return character;
}
