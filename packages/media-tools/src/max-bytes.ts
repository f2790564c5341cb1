import type { MediaPurpose } from './media-tools.ts';
import { STICKER_BYTES } from './stickers/make-sticker.ts';

const MB = 1024 * 1024;

/** What WhatsApp takes of a file, by its purpose. */
export const MAX_BYTES: Readonly<Record<MediaPurpose, number>> = {
  image: 16 * MB,
  video: 16 * MB,
  gif: 16 * MB,
  videoNote: 16 * MB,
  audio: 16 * MB,
  voice: 16 * MB,
  document: 2048 * MB,
  sticker: STICKER_BYTES.animated,
};
