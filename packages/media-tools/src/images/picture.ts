import type { FfmpegTools } from '../ffmpeg/ffmpeg.ts';
import { MediaRefusedError } from '../media-refused-error.ts';
import { pictureOfVideo } from '../video/convert-video.ts';

/** Pictures that are decoded. */
const DECODED = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif', 'image/tiff']);

/** Whether the library of pictures reads it. */
export const isDecodedPicture = (mimetype: string): boolean => DECODED.has(mimetype);

/**
 * Where the library of pictures reads a picture from: the file itself, or what ffmpeg has made of it.
 * @throws {MediaRefusedError} when it is no picture, or one that cannot be converted
 */
export async function readablePicture(
  path: string,
  mimetype: string,
  ffmpeg: FfmpegTools | undefined,
  signal: AbortSignal,
): Promise<string | Buffer> {
  if (DECODED.has(mimetype)) return path;
  if (!mimetype.startsWith('image/')) {
    throw new MediaRefusedError('MEDIA_TYPE_MISMATCH', `A picture is wanted here, but the file is ${mimetype}.`, {
      found: mimetype,
    });
  }
  if (mimetype !== 'image/bmp') {
    throw new MediaRefusedError(
      'MEDIA_TYPE_MISMATCH',
      `Phones do not show ${mimetype}, and it cannot be converted here. Send a JPEG or a PNG, or send it as a document.`,
      { found: mimetype },
    );
  }
  if (!ffmpeg) {
    throw new MediaRefusedError(
      'MEDIA_TOOL_MISSING',
      'A BMP is converted with ffmpeg, which this installation lacks. Its operator can install it (docs/media-conversion.md); send a JPEG or a PNG.',
      { found: mimetype, tool: 'ffmpeg' },
    );
  }
  const picture = await pictureOfVideo(path, ffmpeg, { signal });
  if (!picture)
    throw new MediaRefusedError('MEDIA_UNREADABLE', 'The picture cannot be decoded: it is damaged or cut off.');
  return picture;
}
