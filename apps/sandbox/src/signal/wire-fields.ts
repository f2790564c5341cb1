/**
 * The four Signal messages are flat protobufs of small integers and byte strings. This codec keeps the sandbox
 * independent of the definitions of the client, and costs a tenth of a reflective decoder.
 */
export class SignalFormatError extends Error {
  override readonly name = 'SignalFormatError';
}

export type FieldValue = number | Buffer;

/** Reads a flat message into a table by field number. A repeated field keeps its last value, as in protobuf. */
export function readFields(data: Buffer): Map<number, FieldValue> {
  const fields = new Map<number, FieldValue>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 53; shift += 7) {
      const byte = data[at++];
      if (byte === undefined) throw new SignalFormatError('message ends within a number');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new SignalFormatError('number is too long');
  };
  while (at < data.length) {
    const key = varint();
    const wireType = key & 7;
    if (wireType === 0) {
      fields.set(key >>> 3, varint());
    } else if (wireType === 2) {
      const length = varint();
      if (at + length > data.length) throw new SignalFormatError('message ends within a field');
      fields.set(key >>> 3, data.subarray(at, at + length));
      at += length;
    } else {
      throw new SignalFormatError(`unexpected wire type ${wireType}`);
    }
  }
  return fields;
}

/** Writes a flat message; undefined values are left out. */
export function writeFields(fields: readonly (readonly [number, FieldValue | undefined])[]): Buffer {
  const parts: Buffer[] = [];
  for (const [number, value] of fields) {
    if (value === undefined) continue;
    if (typeof value === 'number') {
      parts.push(varintBytes(number << 3), varintBytes(value));
    } else {
      parts.push(varintBytes((number << 3) | 2), varintBytes(value.length), value);
    }
  }
  return Buffer.concat(parts);
}

export function numberField(fields: Map<number, FieldValue>, number: number, name: string): number {
  const value = fields.get(number);
  if (typeof value !== 'number') throw new SignalFormatError(`${name} is missing`);
  return value;
}

export function bytesField(fields: Map<number, FieldValue>, number: number, name: string): Buffer {
  const value = fields.get(number);
  if (!Buffer.isBuffer(value)) throw new SignalFormatError(`${name} is missing`);
  return value;
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
