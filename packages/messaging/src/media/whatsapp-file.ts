import type { Media } from '@wa-gate/contracts';

/**
 * WhatsApp's reference to the bytes of a file: where the ciphertext is, and what opens it. The column `media.wa`. Byte
 * strings are base64.
 */
export interface WhatsAppReference {
  /** As Baileys names it, such as `image` or `ptt`: the keys of the file are derived with it. */
  mediaType: string;
  url?: string;
  directPath?: string;
  /** Absent: the file is not encrypted, as those of channels. */
  mediaKey?: string;
  /** Of the file itself, and of what lies at WhatsApp. */
  fileSha256?: string;
  fileEncSha256?: string;
  /** Bytes of the file itself. */
  fileLength?: number;
  /** Seconds since 1970. */
  mediaKeyTimestamp?: number;
}

/** What is known of a file beside its bytes: the column `media.facts`. */
export type MediaFacts = Pick<Media, 'seconds' | 'width' | 'height' | 'animated' | 'waveform' | 'thumbnail'>;

/** The file of a received message, as the message describes it. */
export interface WhatsAppFile {
  mimetype?: string | undefined;
  /** Bytes. */
  size?: number | undefined;
  fileName?: string | undefined;
  facts: MediaFacts;
  /** Absent: the message has no keys for it, and it cannot be fetched. */
  reference?: WhatsAppReference | undefined;
}

/** The file of a message that is being stored, with the id of its media row. */
export interface InboundFile extends WhatsAppFile {
  mediaId: string;
}

/** A received file as the event of its message shows it. */
export function pendingMedia({ mediaId, mimetype, size, fileName, facts }: InboundFile): Media {
  return {
    mediaId,
    status: 'pending',
    ...(mimetype !== undefined && { mimetype }),
    ...(size !== undefined && { size }),
    ...(fileName !== undefined && { fileName }),
    ...facts,
  };
}
