import type { StoredMedia } from '@wa-gate/contracts';
import type { MediaRecord } from './media.repository.ts';

/** A media as the API shows it. Previews and waveforms are in its message. */
export function presentMedia(record: MediaRecord): StoredMedia {
  const { seconds, width, height, animated } = record.facts ?? {};
  return {
    mediaId: record.id,
    direction: record.direction,
    status: record.status,
    sessionId: record.slug,
    messageId: record.messageId,
    mimetype: record.mimetype,
    size: record.size,
    sha256: record.sha256?.toString('hex') ?? null,
    fileName: record.fileName,
    ...(seconds !== undefined && { seconds }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(animated && { animated }),
    ...(record.errorCode !== null && { error: { code: record.errorCode, message: record.errorMessage } }),
    createdAt: record.createdAt.toISOString(),
    expiresAt: record.expiresAt?.toISOString() ?? null,
  };
}
