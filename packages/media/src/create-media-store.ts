import type { MediaConfig } from './environment.ts';
import { createLocalStore } from './local-store.ts';
import type { MediaStore } from './media-store.ts';
import { createS3Store } from './s3-store.ts';

/** The media store of an installation. Opens nothing: the first use does. */
export function createMediaStore(config: MediaConfig): MediaStore {
  return config.store === 'local' ? createLocalStore(config.folder) : createS3Store(config);
}
