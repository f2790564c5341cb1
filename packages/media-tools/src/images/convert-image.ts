import { decoding, openImage, readImageHeader } from './open-image.ts';
import { makeThumbnail } from './thumbnail.ts';

const QUALITY = 90;

export interface ConvertedImage {
  converted: boolean;
  mimetype: 'image/jpeg' | 'image/png';
  width: number;
  height: number;
  thumbnail: Buffer;
}

/**
 * A picture as phones show it: JPEG, or PNG when it is transparent; upright, the first frame of an animation. One that
 * is so already is left alone, and then nothing is written.
 * @param input a path, or the bytes of a picture of our own
 */
export async function convertImage(input: string | Buffer, out: string): Promise<ConvertedImage> {
  const { format, shown, orientation = 1, space, hasAlpha } = await readImageHeader(input);
  // Decodes all of it, so that one that was cut off is found.
  const thumbnail = await makeThumbnail(input);
  const isFine = orientation === 1 && space !== 'cmyk';
  if (typeof input === 'string' && isFine && (format === 'jpeg' || format === 'png')) {
    return { converted: false, mimetype: `image/${format}`, ...shown, thumbnail };
  }
  // Many encoders write a channel for transparency that is not used.
  const isTransparent = hasAlpha && !(await decoding(async () => (await openImage(input)).stats())).isOpaque;
  const upright = (await openImage(input)).autoOrient().keepIccProfile();
  const made = isTransparent ? upright.png() : upright.toColourspace('srgb').jpeg({ quality: QUALITY });
  const { width, height } = await decoding(() => made.toFile(out));
  return { converted: true, mimetype: isTransparent ? 'image/png' : 'image/jpeg', width, height, thumbnail };
}
