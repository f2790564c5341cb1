import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { MediaSource } from '@wa-gate/contracts';
import type { WorkFolder } from '@wa-gate/media';
import type { MediaTools } from '@wa-gate/media-tools';
import { type MediaIntake, refusedBy } from './intake/media-intake.ts';
import type { MediaService } from './media.service.ts';
import type { FilesOfCall } from './message-files.ts';

/** Makes the picture of an account or a group of a file that a caller gives. */
export interface ProfilePictures {
  /**
   * A square JPEG.
   *
   * @throws {ApiError} that names the field `media`
   */
  make(workspaceId: string, media: MediaSource, call: FilesOfCall): Promise<Buffer>;
}

export interface ProfilePicturesDependencies {
  workFolder: WorkFolder;
  intake: Pick<MediaIntake, 'spool' | 'usage'>;
  media: Pick<MediaService, 'content'>;
  tools: Pick<MediaTools, 'profilePicture'>;
}

const FIELD = 'media';

export function createProfilePictures({
  workFolder,
  intake,
  media,
  tools,
}: ProfilePicturesDependencies): ProfilePictures {
  async function spooled(workspaceId: string, source: MediaSource, { reach, files }: FilesOfCall) {
    if (!('mediaId' in source)) {
      const { maxFileBytes } = await intake.usage(workspaceId);
      return await intake.spool(source, files, FIELD, maxFileBytes);
    }
    const content = await media.content(reach, source.mediaId);
    const file = await workFolder.file();
    try {
      await pipeline(await content.open(), createWriteStream(file.path));
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
    return file;
  }

  return {
    async make(workspaceId, source, call) {
      const file = await spooled(workspaceId, source, call);
      try {
        return await tools.profilePicture(file.path);
      } catch (error) {
        throw refusedBy(error, FIELD);
      } finally {
        await file[Symbol.asyncDispose]();
      }
    },
  };
}
