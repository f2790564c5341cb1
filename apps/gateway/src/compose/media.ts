import { writeFile } from 'node:fs/promises';
import { createMediaTools } from '@wa-gate/media-tools';
import type { Config } from '../config.ts';
import {
  createFileFetcher,
  createMediaIntake,
  createMediaRepository,
  createMediaService,
  createMessageFiles,
  createProfilePictures,
  createResumableUploads,
  createSignedUrls,
  type MediaService,
  type MessageFiles,
  type ProfilePictures,
  type ResumableUploads,
} from '../modules/media/index.ts';
import type { Resources } from './resources.ts';

/** What the routes of files are made of, and what ends with them. */
export interface Media {
  services: { media: MediaService; resumableUploads: ResumableUploads; profilePictures: ProfilePictures };
  /** A small JPEG of a picture of a page; `undefined`: none can be made of it. */
  thumbnail(picture: Buffer): Promise<Buffer | undefined>;
  messageFiles: MessageFiles;
  close(): Promise<void>;
}

export function composeMedia(resources: Resources, config: Config): Media {
  const { pool, media: store, workFolder, masterKeys, logger } = resources;
  const tools = createMediaTools(config);
  const fetcher = createFileFetcher({ workFolder, allowPrivate: config.MEDIA_URL_ALLOW_PRIVATE });
  const media = createMediaRepository(pool);
  const intake = createMediaIntake({
    pool,
    mediaStore: store,
    workFolder,
    tools,
    fetcher,
    maxBytes: config.MEDIA_MAX_BYTES,
  });
  const service = createMediaService({ pool, store, media, intake, urls: createSignedUrls(masterKeys), logger });
  return {
    services: {
      media: service,
      profilePictures: createProfilePictures({ workFolder, intake, media: service, tools }),
      resumableUploads: createResumableUploads({ pool, store, workFolder, intake, media }),
    },
    async thumbnail(picture) {
      const file = await workFolder.file();
      try {
        await writeFile(file.path, picture);
        return await tools.thumbnail(file.path);
      } finally {
        await file[Symbol.asyncDispose]();
      }
    },
    messageFiles: createMessageFiles({ pool, store, workFolder, intake, media, tools, logger }),
    close: async () => void (await Promise.all([tools.close(), fetcher.close()])),
  };
}
