import { open } from 'node:fs/promises';
import { decoding, openImage } from '../images/open-image.ts';
import type { PlannedFrame } from './frame-plan.ts';

/** Pixels of each side of a sticker. */
export const STICKER_SIDE = 512;
/** Of a frame: four channels. */
const FRAME_BYTES = STICKER_SIDE * STICKER_SIDE * 4;
/** Frames that are decoded at once, a megabyte each. */
const DECODED_AT_ONCE = 32;
const TRANSPARENT = { r: 0, g: 0, b: 0, alpha: 0 };

/** Frames one below the other, without compression, as the encoder takes them. */
export interface Frames {
  pixels: Buffer;
  delays: readonly number[];
}

/** The planned frames of an animated GIF or WebP, each whole inside of the square of a sticker. */
export async function readFrames(path: string, plan: readonly PlannedFrame[]): Promise<Frames> {
  const pixels = Buffer.allocUnsafe(plan.length * FRAME_BYTES);
  const places = new Map(plan.map(({ index }, place) => [index, place]));
  const last = plan.at(-1)?.index ?? 0;
  for (let page = 0; page <= last; page += DECODED_AT_ONCE) {
    const pages = Math.min(DECODED_AT_ONCE, last + 1 - page);
    const decoded = await decoding(async () => (await squared(path, { page, pages })).raw().toBuffer());
    for (let index = page; index < page + pages; index++) {
      const place = places.get(index);
      const at = (index - page) * FRAME_BYTES;
      if (place !== undefined) decoded.copy(pixels, place * FRAME_BYTES, at, at + FRAME_BYTES);
    }
  }
  return { pixels, delays: plan.map(({ delayMs }) => delayMs) };
}

/** The frames that ffmpeg has written, all shown for the same time. */
export async function readRawFrames(path: string, delayMs: number): Promise<Frames> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const count = Math.floor(size / FRAME_BYTES);
    const pixels = Buffer.allocUnsafe(count * FRAME_BYTES);
    for (let at = 0; at < pixels.length; ) {
      const { bytesRead } = await file.read(pixels, at, pixels.length - at, at);
      if (bytesRead === 0) throw new Error('The frames end too early.');
      at += bytesRead;
    }
    return { pixels, delays: Array.from({ length: count }, () => delayMs) };
  } finally {
    await file.close();
  }
}

/** Leaves out frames: to the n-th part of them, which are shown for longer. */
export function thinFrames({ pixels, delays }: Frames, keepEvery: number): Frames {
  if (keepEvery === 1) return { pixels, delays };
  const kept = delays.map((_, index) => index).filter((index) => index % keepEvery === 0);
  const thinned = Buffer.concat(kept.map((index) => pixels.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES)));
  const times = kept.map((index) => delays.slice(index, index + keepEvery).reduce((sum, delay) => sum + delay, 0));
  return { pixels: thinned, delays: times };
}

export function encodeFrames({ pixels, delays }: Frames, quality: number): Promise<Buffer> {
  const height = STICKER_SIDE * delays.length;
  return decoding(async () =>
    (
      await openImage(pixels, {
        // Its pixels are our own: so many frames, whatever the limit of a picture.
        limitInputPixels: false,
        raw: { width: STICKER_SIDE, height, channels: 4, pageHeight: STICKER_SIDE },
      })
    )
      .webp({ quality, alphaQuality: Math.max(50, quality), effort: 3, loop: 0, delay: [...delays] })
      .toBuffer(),
  );
}

/** @param detail pixels of each side that are kept of the picture; it is enlarged again */
export async function encodeStill(input: string | Buffer, quality: number, detail = STICKER_SIDE): Promise<Buffer> {
  const source =
    detail === STICKER_SIDE ? input : await decoding(async () => (await squared(input, {}, detail)).png().toBuffer());
  return decoding(async () =>
    (await squared(source)).webp({ quality, alphaQuality: Math.max(50, quality) }).toBuffer(),
  );
}

async function squared(
  input: string | Buffer,
  options: { page: number; pages: number } | Record<never, never> = {},
  side = STICKER_SIDE,
) {
  const image = await openImage(input, options);
  // Rotation cannot be applied to frames that lie one below the other, and animations have none.
  const upright = 'pages' in options ? image : image.autoOrient();
  return upright.toColourspace('srgb').ensureAlpha().resize(side, side, { fit: 'contain', background: TRANSPARENT });
}
