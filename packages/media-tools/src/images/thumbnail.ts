import { decoding, openImage } from './open-image.ts';

/** Pixels of the longer side. It travels inside of the message, so it is small. */
const SIDE = 100;
const QUALITY = 60;

/** The preview of a message: JPEG, upright, transparent parts white. */
export function makeThumbnail(input: string | Buffer): Promise<Buffer> {
  return decoding(async () =>
    (await openImage(input))
      .autoOrient()
      .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: QUALITY })
      .toBuffer(),
  );
}
