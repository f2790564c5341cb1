export { createMediaStore } from './create-media-store.ts';
export {
  MEDIA_ENVIRONMENT,
  type MediaConfig,
  type MediaEnvironment,
  mediaConfigOf,
  nameOfStore,
  workFolderPath,
} from './environment.ts';
export { createHashingStream, type HashingStream } from './hashing.ts';
export {
  type ByteRange,
  MediaMissingError,
  type MediaStore,
  MediaStoreError,
  type PutResult,
  type StoredFile,
} from './media-store.ts';
export { createWorkFolder, type WorkFile, type WorkFolder } from './work-folder.ts';
