/** Who made a sticker, as clients show it when somebody taps on it. */
export interface StickerPack {
  name: string;
  author: string;
}

const HEADER = 12;
const VP8X_SIZE = 10;
const HAS_EXIF = 0x08;
const HAS_ALPHA = 0x10;

interface Chunk {
  name: string;
  data: Buffer;
}

/**
 * Writes the pack into the EXIF of a WebP, in the form that WhatsApp's clients read: one private tag with JSON.
 * @param webp a whole file
 */
export function withStickerPack(webp: Buffer, { name, author }: StickerPack, id: string): Buffer {
  const chunks = chunksOf(webp).filter((chunk) => chunk.name !== 'EXIF');
  const first = chunks[0];
  if (!first) throw new Error('The WebP has no chunk.');
  const header = first.name === 'VP8X' ? first : extendedHeaderFor(first);
  const extended = Buffer.from(header.data);
  extended[0] = extended[0]! | HAS_EXIF;
  const rest = first.name === 'VP8X' ? chunks.slice(1) : chunks;
  const json = JSON.stringify({ 'sticker-pack-id': id, 'sticker-pack-name': name, 'sticker-pack-publisher': author });
  return fileOf([{ name: 'VP8X', data: extended }, ...rest, { name: 'EXIF', data: exifOf(json) }]);
}

/** A TIFF, little-endian, with one entry: tag 0x5741, of undefined bytes, which follow at 22. */
function exifOf(json: string): Buffer {
  const text = Buffer.from(json, 'utf8');
  const head = Buffer.from('49492a00080000000100415707000000000016000000', 'hex');
  head.writeUInt32LE(text.length, 14);
  return Buffer.concat([head, text]);
}

/** The header that a simple file lacks. Stickers are all of one size. */
function extendedHeaderFor({ name, data }: Chunk): Chunk {
  const header = Buffer.alloc(VP8X_SIZE);
  // A lossless picture says whether it is transparent behind its sides of 14 bits each.
  if (name === 'VP8L' && (data.readUInt32LE(1) >>> 28) & 1) header[0] = HAS_ALPHA;
  const { width, height } = name === 'VP8L' ? losslessSize(data) : lossySize(data);
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return { name: 'VP8X', data: header };
}

function losslessSize(data: Buffer): { width: number; height: number } {
  const bits = data.readUInt32LE(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** Behind the tag of the frame (3 bytes) and its start code (3 bytes). */
const lossySize = (data: Buffer): { width: number; height: number } => ({
  width: data.readUInt16LE(6) & 0x3fff,
  height: data.readUInt16LE(8) & 0x3fff,
});

function chunksOf(webp: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = HEADER; at + 8 <= webp.length; ) {
    const size = webp.readUInt32LE(at + 4);
    chunks.push({ name: webp.toString('latin1', at, at + 4), data: webp.subarray(at + 8, at + 8 + size) });
    at += 8 + size + (size % 2);
  }
  return chunks;
}

function fileOf(chunks: readonly Chunk[]): Buffer {
  const parts = chunks.flatMap(({ name, data }) => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return [head, data, Buffer.alloc(data.length % 2)];
  });
  const body = Buffer.concat(parts);
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([head, body]);
}
