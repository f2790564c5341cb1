export { createFileFetcher } from './intake/fetch-file.ts';
export { createMediaIntake } from './intake/media-intake.ts';
export { createMediaRepository } from './media.repository.ts';
export { createMediaService, type MediaService } from './media.service.ts';
export { createResumableUploads, type ResumableUploads } from './resumable-uploads.ts';
export { createSignedUrls } from './signed-urls.ts';
