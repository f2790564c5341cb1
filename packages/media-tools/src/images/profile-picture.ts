import { decoding, openImage, readImageHeader } from './open-image.ts';

/** Pixels of a side, as WhatsApp's own clients send it. */
const SIDE = 640;
const QUALITY = 80;

/**
 * The picture of a profile or a group: the middle square as a JPEG, upright, the first frame of an animation,
 * transparent parts white.
 */
export async function makeProfilePicture(path: string): Promise<Buffer> {
  await readImageHeader(path);
  return await decoding(async () =>
    (await openImage(path))
      .autoOrient()
      .resize(SIDE, SIDE, { fit: 'cover' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .jpeg({ quality: QUALITY })
      .toBuffer(),
  );
}
