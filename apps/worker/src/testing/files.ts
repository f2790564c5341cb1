import type { FileReference } from '@wa-gate/contracts';
import type { UploadedFile } from '../media/uploaded-file.ts';

/** A file of the media store with everything that may be known of one. */
export const FILE: FileReference = {
  mediaId: '01a1fe67-6a41-7c1d-9a6b-53c1f0a8b2d4',
  storageKey: 'workspace/file',
  sha256: Buffer.alloc(32, 5).toString('base64'),
  size: 70_000,
  mimetype: 'video/mp4',
  fileName: 'report.pdf',
  seconds: 3,
  width: 640,
  height: 480,
  animated: true,
  waveform: Buffer.from(Array.from({ length: 64 }, (_, step) => step)).toString('base64'),
  thumbnail: Buffer.from('a small JPEG').toString('base64'),
};

/** Where it was uploaded. */
export const UPLOADED = {
  url: 'https://mmg.example/v/t62/abc?ccb=11-4',
  directPath: '/v/t62/abc?ccb=11-4',
  mediaKey: Buffer.alloc(32, 1),
  fileSha256: Buffer.alloc(32, 5),
  fileEncSha256: Buffer.alloc(32, 2),
  fileLength: 70_000,
  mediaKeyTimestamp: 1_790_000_000,
  sidecar: Buffer.alloc(20, 9),
} satisfies UploadedFile;
