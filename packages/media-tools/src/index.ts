export { createMediaTools } from './create-media-tools.ts';
export type { NamedAs } from './inspect/claim.ts';
export { MAX_BYTES } from './max-bytes.ts';
export { type MediaRefusal, MediaRefusedError } from './media-refused-error.ts';
export type { Converted, FileFacts, Inspection, MediaPurpose, MediaTools, RunOptions } from './media-tools.ts';
export { MEDIA_TOOLS_ENVIRONMENT, type MediaToolsEnvironment } from './media-tools-environment.ts';
export type { StickerPack } from './stickers/sticker-pack.ts';
