import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { decoding, type ImageHeader, openImage, readImageHeader } from '../images/open-image.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { planFrames } from './frame-plan.ts';
import { encodeFrames, encodeStill, type Frames, readFrames, STICKER_SIDE, thinFrames } from './frames.ts';
import { type StickerPack, withStickerPack } from './sticker-pack.ts';

/** What WhatsApp accepts. */
export const STICKER_BYTES = { still: 100 * 1024, animated: 500 * 1024 } as const;
/** Frames of an animation, a megabyte of memory each while it is made. */
export const MAX_FRAMES = 60;
/** Left for the name of the pack. */
const EXIF_BYTES = 1024;
/** Steps of a still one: first less quality, then fewer details. */
const STILL_STEPS = [
  { quality: 90 },
  { quality: 70 },
  { quality: 50 },
  { quality: 30 },
  { quality: 15 },
  { quality: 30, detail: 256 },
  { quality: 30, detail: 128 },
] as const;
/** Steps of an animation: first less quality, then fewer frames. */
const STEPS = [
  { quality: 75, keepEvery: 1 },
  { quality: 50, keepEvery: 1 },
  { quality: 30, keepEvery: 1 },
  { quality: 50, keepEvery: 2 },
  { quality: 30, keepEvery: 2 },
  { quality: 20, keepEvery: 3 },
  { quality: 10, keepEvery: 4 },
  { quality: 5, keepEvery: 8 },
] as const;

export interface MadeSticker {
  /** `undefined` when the file is a sticker already. */
  webp: Buffer | undefined;
  animated: boolean;
}

/** @param input a path of a picture or an animation, or the bytes of a picture of our own */
export async function makeSticker(input: string | Buffer, pack: StickerPack | undefined): Promise<MadeSticker> {
  const header = await readImageHeader(input);
  const isAnimation =
    header.frames > 1 && typeof input === 'string' && (header.format === 'webp' || header.format === 'gif');
  if (typeof input === 'string' && !pack && (await isSticker(input, header))) {
    return { webp: undefined, animated: isAnimation };
  }
  if (!isAnimation) return { webp: signed(await smallestStill(input), pack), animated: false };
  return stickerOfFrames(await readFrames(input, planFrames(header.delays, MAX_FRAMES)), pack);
}

/** An animation, or a still sticker when it has one frame or all of its frames are equal. */
export async function stickerOfFrames(frames: Frames, pack: StickerPack | undefined): Promise<MadeSticker> {
  if (frames.delays.length === 0) {
    throw new MediaRefusedError('MEDIA_UNREADABLE', 'No picture of the file can be decoded: it is damaged or cut off.');
  }
  for (const { quality, keepEvery } of STEPS) {
    const webp = await encodeFrames(thinFrames(frames, keepEvery), quality);
    // The encoder makes a still picture of frames that are equal; a still one may not be so large.
    const animated = ((await (await openImage(webp)).metadata()).pages ?? 1) > 1;
    const limit = animated ? STICKER_BYTES.animated : STICKER_BYTES.still;
    if (webp.length + EXIF_BYTES <= limit) return { webp: signed(webp, pack), animated };
  }
  throw tooLarge(STICKER_BYTES.animated);
}

async function smallestStill(input: string | Buffer): Promise<Buffer> {
  for (const step of STILL_STEPS) {
    const webp = await encodeStill(input, step.quality, 'detail' in step ? step.detail : undefined);
    if (webp.length + EXIF_BYTES <= STICKER_BYTES.still) return webp;
  }
  throw tooLarge(STICKER_BYTES.still);
}

/** Whether nothing has to be done: a WebP of the right size that can be decoded to its end. */
async function isSticker(path: string, { format, shown, frames, pageHeight }: ImageHeader): Promise<boolean> {
  if (format !== 'webp' || shown.width !== STICKER_SIDE || (pageHeight ?? shown.height) !== STICKER_SIDE) return false;
  const limit = frames > 1 ? STICKER_BYTES.animated : STICKER_BYTES.still;
  if ((await stat(path)).size > limit) return false;
  await decoding(async () => (await openImage(path, { animated: true })).resize(16, 16).raw().toBuffer());
  return true;
}

const signed = (webp: Buffer, pack: StickerPack | undefined): Buffer =>
  pack ? withStickerPack(webp, pack, randomUUID()) : webp;

const tooLarge = (maxBytes: number): MediaRefusedError =>
  new MediaRefusedError(
    'MEDIA_TOO_LARGE',
    `No sticker of at most ${maxBytes / 1024} kB can be made of this. Send a simpler picture, or a shorter animation.`,
    { maxBytes },
  );
