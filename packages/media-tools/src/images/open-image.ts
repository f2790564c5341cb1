import { lazily } from '@wa-gate/kit';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { MediaRefusedError } from '../media-refused-error.ts';

/** Pixels of a side. Phones refuse larger ones, and few cameras make them. */
export const MAX_SIDE = 10_000;
/** Pixels of a picture, and of all frames of an animation together. */
const MAX_PIXELS = MAX_SIDE * MAX_SIDE;
const TIMEOUT_S = 30;

/** Loaded with the first picture: a process that never has one neither waits for the library nor keeps it. */
const loadSharp = lazily(async () => {
  const { default: sharp } = await import('sharp');
  // What was decoded once is not decoded again: each file comes once, and the memory shall stay flat.
  sharp.cache(false);
  // One thread for each picture: several pictures at once do not take all processors from the messages.
  sharp.concurrency(1);
  // Formats with a program inside, or that lead to other files, are not opened at all.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: [
      'VipsForeignLoadJpeg',
      'VipsForeignLoadPng',
      'VipsForeignLoadWebp',
      'VipsForeignLoadNsgif',
      'VipsForeignLoadHeif',
      'VipsForeignLoadTiff',
    ],
  });
  return sharp;
});

/** @param input a path, or the bytes of a picture of our own */
export async function openImage(input: string | Buffer, options: SharpOptions = {}): Promise<Sharp> {
  const sharp = await loadSharp();
  return sharp(input, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true, ...options }).timeout({
    seconds: TIMEOUT_S,
  });
}

export interface ImageHeader extends Metadata {
  /** As it is shown: after the orientation of EXIF. */
  shown: { width: number; height: number };
  /** Frames, 1 for a still picture. */
  frames: number;
  /** How long clients show each frame, in ms. */
  delays: number[];
}

/** What viewers do with frames of a GIF that give no time, or less than they can keep up with. */
const [SHORTEST_GIF_MS, USUAL_GIF_MS] = [10, 100];

/** @throws {MediaRefusedError} when it cannot be read, or is too large */
export async function readImageHeader(input: string | Buffer): Promise<ImageHeader> {
  const metadata = await decoding(async () => (await openImage(input)).metadata());
  const { width, height } = metadata.autoOrient;
  if (width > MAX_SIDE || height > MAX_SIDE || width * height * (metadata.pages ?? 1) > MAX_PIXELS)
    throw tooLarge({ width, height });
  const { format, pages: frames = 1, delay } = metadata;
  const delays = delay ?? Array.from({ length: frames }, () => USUAL_GIF_MS);
  return {
    ...metadata,
    shown: { width, height },
    frames,
    delays: format === 'gif' ? delays.map((ms) => (ms > SHORTEST_GIF_MS ? ms : USUAL_GIF_MS)) : delays,
  };
}

const tooLarge = (found: { width: number; height: number }): MediaRefusedError =>
  new MediaRefusedError(
    'MEDIA_TOO_LARGE',
    `The picture has ${found.width} x ${found.height} pixels. At most ${MAX_SIDE} on each side are accepted, and ${MAX_PIXELS / 1e6} million in all frames together: make it smaller, or send it as a document.`,
    { maxPixelsPerSide: MAX_SIDE, ...found },
  );

/** Runs an operation of the library; what it cannot read is a refusal. */
export async function decoding<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof MediaRefusedError) throw error;
    const { message } = error as Error;
    if (/exceeds pixel limit|too large|dimension/i.test(message)) {
      throw new MediaRefusedError(
        'MEDIA_TOO_LARGE',
        `The picture has more pixels than the ${MAX_PIXELS / 1e6} million that are accepted: make it smaller, or send it as a document.`,
        { maxPixels: MAX_PIXELS },
        { cause: error },
      );
    }
    throw new MediaRefusedError(
      'MEDIA_UNREADABLE',
      'The picture cannot be decoded: it is damaged, cut off or of a format that is not supported.',
      {},
      { cause: error },
    );
  }
}
