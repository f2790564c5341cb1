import type { FileReference } from '@wa-gate/contracts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import type { proto } from '../whatsapp/baileys.ts';

/** A text with the large picture of its link preview. The preview itself belongs to the context. */
export function withPreviewPicture(
  { conversation, extendedTextMessage, ...message }: proto.IMessage,
  { width, height }: FileReference,
  { directPath, fileSha256, fileEncSha256, mediaKey, mediaKeyTimestamp }: UploadedFile,
): proto.IMessage {
  return {
    ...message,
    extendedTextMessage: {
      ...(extendedTextMessage ?? { text: conversation ?? '' }),
      thumbnailDirectPath: directPath,
      thumbnailSha256: fileSha256,
      thumbnailEncSha256: fileEncSha256 ?? null,
      mediaKey: mediaKey ?? null,
      mediaKeyTimestamp: mediaKeyTimestamp ?? null,
      thumbnailWidth: width ?? null,
      thumbnailHeight: height ?? null,
    },
  };
}
