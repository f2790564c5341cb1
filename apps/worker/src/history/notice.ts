import { createHash } from 'node:crypto';
import type { HistoryDepth } from '@wa-gate/contracts';
import type { HistoryChunkKind, HistoryNotice } from '@wa-gate/messaging';
import { toNumber } from '../content/fields.ts';
import { normalizeMessageContent, proto, type WAMessage } from '../whatsapp/baileys.ts';

const { HistorySyncType } = proto.Message;

/** The kinds of history that are taken in. Others, such as that of statuses, contain nothing for us. */
const KINDS: Readonly<Partial<Record<proto.Message.HistorySyncType, HistoryChunkKind>>> = {
  [HistorySyncType.INITIAL_BOOTSTRAP]: 'bootstrap',
  [HistorySyncType.RECENT]: 'recent',
  [HistorySyncType.FULL]: 'full',
  [HistorySyncType.PUSH_NAME]: 'names',
  [HistorySyncType.NON_BLOCKING_DATA]: 'other',
  [HistorySyncType.ON_DEMAND]: 'on_request',
};

/** Whether a session with this depth takes in this kind itself. */
export function takesIn(depth: HistoryDepth, kind: HistoryChunkKind): boolean {
  return kind === 'on_request' || depth === 'full' || (depth === 'recent' && kind !== 'full');
}

/** The part of the history that a message of the own phone announces; `null`: it announces none. Pure. */
export function readNotice({ key, message }: WAMessage): HistoryNotice | null {
  const protocol = message && normalizeMessageContent(message)?.protocolMessage;
  const notification = key.fromMe ? protocol?.historySyncNotification : undefined;
  if (!notification) return null;
  const kind = KINDS[notification.syncType ?? HistorySyncType.INITIAL_BOOTSTRAP];
  const { directPath, mediaKey, initialHistBootstrapInlinePayload: payload } = notification;
  const requestId = kind === 'on_request' ? (notification.peerDataRequestSessionId ?? undefined) : undefined;
  if (!kind || (!payload?.length && !(directPath && mediaKey?.length))) return null;
  const what = payload?.length ? payload : (notification.fileEncSha256 ?? Buffer.from(directPath!));
  return {
    kind,
    // A chat that is asked for twice may come twice with the same bytes.
    fingerprint: createHash('sha256')
      .update(what)
      .update(requestId ?? '')
      .digest(),
    chunkOrder: notification.chunkOrder ?? undefined,
    progress: percent(notification.progress),
    requestId,
    ...(payload?.length
      ? { payload }
      : {
          reference: {
            directPath: directPath!,
            mediaKey: base64(mediaKey!)!,
            fileSha256: base64(notification.fileSha256),
            fileEncSha256: base64(notification.fileEncSha256),
            fileLength: toNumber(notification.fileLength),
          },
        }),
  };
}

const percent = (progress: number | null | undefined): number | undefined =>
  progress === null || progress === undefined ? undefined : Math.min(Math.max(Math.round(progress), 0), 100);

const base64 = (bytes: Uint8Array | null | undefined): string | undefined =>
  bytes?.length ? Buffer.from(bytes).toString('base64') : undefined;
