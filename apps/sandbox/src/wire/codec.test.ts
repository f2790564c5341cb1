import { deflateSync } from 'node:zlib';
import { decodeBinaryNode, encodeBinaryNode, type BinaryNode as TheirNode } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError, decodeNode, encodeNode } from './codec.ts';
import { type BinaryNode, bytes, node } from './node.ts';
import { DOUBLE_TOKENS, SINGLE_TOKENS } from './tokens.ts';

const characters = (set: string) => fc.constantFrom(...set.split(''));
const digits = fc.string({ unit: characters('0123456789-.'), minLength: 1, maxLength: 140 });
const hex = fc.string({ unit: characters('0123456789ABCDEF'), minLength: 1, maxLength: 140 });
const numbers = fc.string({ unit: characters('0123456789'), minLength: 1, maxLength: 16 });
const jid = fc
  .tuple(numbers, fc.integer({ min: 0, max: 255 }), fc.constantFrom('s.whatsapp.net', 'lid', 'hosted', 'hosted.lid'))
  .map(([user, device, server]) => (device === 0 ? `${user}@${server}` : `${user}:${device}@${server}`));
const otherJid = fc.constantFrom('123-456@g.us', 'status@broadcast', '@s.whatsapp.net', 'server@c.us', '5@newsletter');
const token = fc.constantFrom(...SINGLE_TOKENS.slice(1), ...DOUBLE_TOKENS.flat()).filter((word) => word !== '');
/**
 * Baileys looks tokens up in a plain object: it writes garbage for `constructor`, `valueOf` and the like. It takes any
 * string with a final `@` for an address.
 */
const encodableByBaileys = (value: string): boolean => !(value in {}) && !value.endsWith('@');
const word = fc
  .oneof(token, digits, hex, jid, otherJid, fc.string({ unit: 'grapheme', maxLength: 300 }))
  .filter(encodableByBaileys);
const name = fc.oneof(token, fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }));
const safeName = name.filter((value) => encodableByBaileys(value) && !value.includes('@'));
const payload = fc.uint8Array({ maxLength: 400 }).map((data) => Buffer.from(data));

const { tree } = fc.letrec<{ tree: BinaryNode; list: BinaryNode[] }>((tie) => ({
  tree: fc
    .record(
      {
        tag: safeName,
        attrs: fc.dictionary(safeName, word, { maxKeys: 6, noNullPrototype: true }),
        content: fc.oneof({ maxDepth: 4 }, payload, tie('list')),
      },
      { requiredKeys: ['tag', 'attrs'] },
    )
    .map((value) => value as BinaryNode),
  list: fc.array(tie('tree'), { maxLength: 5 }),
}));

const theirs = async (body: Buffer): Promise<BinaryNode> => (await decodeBinaryNode(body)) as BinaryNode;

/** Baileys leaves `content: undefined` on empty nodes; toEqual treats it as absent. */
describe('node codec', () => {
  test('what we write, we read back', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(decodeNode(encodeNode(value))).toEqual(value);
      }),
    );
  });

  test('Baileys reads what we write', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (value) => {
        expect(await theirs(encodeNode(value))).toEqual(value);
      }),
    );
  });

  test('we read what Baileys writes', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(decodeNode(encodeBinaryNode(value as TheirNode))).toEqual(value);
      }),
    );
  });

  test('both write the same bytes', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(encodeNode(value).equals(encodeBinaryNode(value as TheirNode))).toBe(true);
      }),
    );
  });

  test('every token of every dictionary travels as a token', async () => {
    for (const value of [...SINGLE_TOKENS.slice(1), ...DOUBLE_TOKENS.flat()]) {
      if (value === '') continue;
      const body = encodeNode(node('iq', { id: value }));
      expect(body.length, value).toBeLessThanOrEqual(7);
      expect(await theirs(body)).toEqual({ tag: 'iq', attrs: { id: value } });
    }
  });

  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, (1 << 20) - 1, 1 << 20])('payload of %i bytes', async (size) => {
    const data = Buffer.alloc(size, 7);
    const body = encodeNode(node('enc', {}, data));
    expect(data.equals(bytes(decodeNode(body))!)).toBe(true);
    expect(data.equals(bytes(await theirs(body))!)).toBe(true);
  });

  test.each([0, 1, 254, 255, 256, 2000])('list of %i children', async (count) => {
    const value = node(
      'list',
      {},
      Array.from({ length: count }, (_, i) => node('item', { id: String(i) })),
    );
    expect(decodeNode(encodeNode(value))).toEqual(value);
    expect(await theirs(encodeNode(value))).toEqual(value);
  });

  test('a compressed node is inflated', () => {
    const value = node('iq', { type: 'set' }, [node('ping')]);
    const body = Buffer.concat([Buffer.from([2]), deflateSync(encodeNode(value).subarray(1))]);
    expect(decodeNode(body)).toEqual(value);
  });

  test('device addresses are compact and keep their domain', () => {
    for (const address of ['4915:12@s.whatsapp.net', '99:255@lid', '4915:99@hosted', '99:1@hosted.lid']) {
      const body = encodeNode(node('iq', { to: address }));
      expect(body[5]).toBe(247);
      expect(decodeNode(body).attrs.to).toBe(address);
    }
  });

  test.each(['a@b@c', 'x@', 'a:999@s.whatsapp.net', 'a:01@lid', ':5@lid', 'call:5@other'])(
    'a string that only resembles an address survives: %s',
    (value) => expect(decodeNode(encodeNode(node('iq', { id: value }))).attrs.id).toBe(value),
  );

  test('names of object methods are ordinary words', () => {
    const value = node('constructor', { valueOf: 'toString' });
    expect(decodeNode(encodeNode(value))).toEqual(value);
  });

  test('refuses attributes that are no strings, which Baileys would drop after counting them', () => {
    expect(() => encodeNode({ tag: 'iq', attrs: { t: 5 as unknown as string } })).toThrow(CodecError);
  });

  test('anything cut short or lengthened is an error', () => {
    const body = encodeNode(
      node('message', { to: '4915:12@s.whatsapp.net', id: '3EB0ABC' }, [node('enc', {}, Buffer.from('abc'))]),
    );
    for (let end = 0; end < body.length; end++) expect(() => decodeNode(body.subarray(0, end))).toThrow(CodecError);
    expect(() => decodeNode(Buffer.concat([body, Buffer.from([0])]))).toThrow(CodecError);
  });

  test('garbage is never anything but a node or a CodecError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
        try {
          decodeNode(Buffer.from(data));
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
