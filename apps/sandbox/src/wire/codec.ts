import { inflateSync } from 'node:zlib';
import { decodeNodeBytes } from './codec-reader.ts';
import { NodeWriter } from './codec-writer.ts';
import type { BinaryNode } from './node.ts';
import { CodecError } from './tokens.ts';

export { CodecError } from './tokens.ts';

const COMPRESSED = 0x02;
const MAX_INFLATED = 32 * 1024 * 1024;

/** Encodes a node as the body of one transport frame, including the leading flag byte (0: not compressed). */
export function encodeNode(value: BinaryNode): Buffer {
  const writer = new NodeWriter();
  writer.byte(0);
  writer.node(value);
  return writer.finish();
}

/** Decodes the body of one transport frame. @throws {CodecError} unless it is exactly one well-formed node */
export function decodeNode(body: Buffer): BinaryNode {
  if (body.length < 2) throw new CodecError('end of data');
  if ((body[0]! & COMPRESSED) === 0) return decodeNodeBytes(body, 1);
  let inflated: Buffer;
  try {
    inflated = inflateSync(body.subarray(1), { maxOutputLength: MAX_INFLATED });
  } catch (cause) {
    throw new CodecError('compressed node does not inflate', { cause });
  }
  return decodeNodeBytes(inflated, 0);
}
