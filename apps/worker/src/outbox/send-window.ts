import { setMaxListeners } from 'node:events';
import type { Ownership } from '@wa-gate/cluster';
import type { Span } from '@wa-gate/kit';
import { type AcceptedMessage, isPaced, type OutboxItem } from '@wa-gate/messaging';
import type { UploadedFile } from '../media/uploaded-file.ts';
import type { Acceptance } from '../whatsapp/acceptance.ts';
import type { Connection } from '../whatsapp/connection.ts';
import { DEADLINES, PACE } from './deadlines.ts';

/** One attempt to send a message, from its start to the acknowledgement of the server. */
export interface Attempt {
  item: OutboxItem;
  payload: Buffer;
  /** Of an offered message: it is in the outbox once this is accepted. */
  acceptance?: Acceptance;
  /** Monotonic, ms: the start of the attempt. */
  since: number;
  /** Monotonic, ms: when Baileys got it. From then on it may have left. */
  relayedAt: number | undefined;
  /** When it was on the wire, at the latest. */
  wireAt: Date | undefined;
  /** Of a message to a group: its members beside the account. */
  recipients?: number | undefined;
  /** While it is traced. */
  span?: Span | undefined;
}

/** A message that a gateway asks the owner to accept. */
export interface Offer {
  message: AcceptedMessage;
  /** The gateway accepts it itself. Called at most once. */
  decline: () => void;
}

/** The file of a claimed row on its way to WhatsApp. */
export interface FileOfRow {
  uploading: Promise<UploadedFile>;
  /** Where it is, as soon as it is there. */
  uploaded?: UploadedFile;
}

/** The sending side of one open connection. */
export interface SendWindow {
  readonly owner: Ownership;
  readonly connection: Connection;
  open: boolean;
  /** Takes nothing more: its session is about to move. */
  draining: boolean;
  /** There may be something to claim. */
  dirty: boolean;
  /** Being claimed for or sending; one thing at a time, so that order holds. */
  busy: boolean;
  /** Claimed rows without an attempt of this claim. */
  pending: OutboxItem[];
  /**
   * Claimed rows that wait, by chat: WhatsApp is being asked for the chat, the file of the first one is being uploaded,
   * or the chat shows that the account is typing. The other chats do not wait.
   */
  waiting: Map<string, OutboxItem[]>;
  /** Files of claimed rows, by message id. */
  files: Map<string, FileOfRow>;
  /** Ends the uploads: their connection is over, or its session moves. */
  uploads: AbortController;
  /** Offered messages without an attempt. */
  offers: Offer[];
  /** Offered messages are being sent, and no claimed ones. */
  sendsOffers: boolean;
  /** Not yet acknowledged, by WhatsApp's id. */
  inFlight: Map<string, Attempt>;
  /** The claimed row that is being prepared or handed over. */
  sending: OutboxItem | undefined;
  /** Being handed over at this moment. */
  current: Attempt | undefined;
  /** An offered message that is being built. */
  preparing: { messageId: string; isWithdrawn: boolean } | undefined;
  /** There may be rows in `sending` without a tracker: of a claim without an answer, or of the owner before. */
  unsure: boolean;
  /** Monotonic: nothing is claimed before. */
  pausedUntil: number;
  /** Refused messages of which WhatsApp is being asked why. */
  asking: number;
}

export function createSendWindow(owner: Ownership, connection: Connection): SendWindow {
  const uploads = new AbortController();
  // Each file that waits or is on its way listens: as many as rows are claimed.
  setMaxListeners(0, uploads.signal);
  return {
    owner,
    connection,
    open: true,
    draining: false,
    dirty: true,
    busy: false,
    pending: [],
    waiting: new Map(),
    files: new Map(),
    uploads,
    offers: [],
    sendsOffers: false,
    inFlight: new Map(),
    sending: undefined,
    current: undefined,
    preparing: undefined,
    // The connection before may have ended in the middle of a claim.
    unsure: true,
    pausedUntil: 0,
    asking: 0,
  };
}

/** Takes out all rows that no attempt of this claim has begun. */
export function takeUnsent(window: SendWindow): OutboxItem[] {
  const items = [...[...window.waiting.values()].flat(), ...window.pending.splice(0)];
  window.waiting.clear();
  window.files.clear();
  return items;
}

/** Ends what is being uploaded: the session sends nothing more over this connection. */
export const endUploads = ({ uploads }: SendWindow): void =>
  uploads.abort(new Error('The session sends no more here.'));

/** Whether so much waits that nothing more is claimed. */
export const isFull = ({ waiting }: SendWindow): boolean =>
  waiting.size >= PACE.maxWaitingChats || [...waiting.values()].flat().length >= PACE.maxWaitingRows;

/**
 * Whether a paced message of the session is claimed and has not left, or may be. One whose file is being uploaded does
 * not count: a slow upload keeps no other chat waiting.
 */
export function isPacedOnTheWay({ unsure, busy, sendsOffers, sending, pending, waiting, files }: SendWindow): boolean {
  const isClaiming = busy && !sendsOffers && !sending;
  const waits = [...waiting.values()].flat().filter(({ messageId }) => !files.has(messageId));
  return (
    unsure || isClaiming || [...(sending ? [sending] : []), ...pending, ...waits].some(({ lane }) => isPaced(lane))
  );
}

export const isSending = (window: SendWindow): boolean => window.busy || window.inFlight.size > 0 || window.asking > 0;

/** It may have left, and its caller wants no second attempt then. */
export const isUncertain = ({ item, acceptance, relayedAt }: Attempt): boolean =>
  (acceptance ?? item).failIfUncertain && relayedAt !== undefined;

/** The step that takes longer than it may ({@link DEADLINES}). */
export function lateStep({ current, inFlight }: SendWindow, now: number): 'prepare' | 'relay' | 'ack' | null {
  if (current?.relayedAt === undefined && current && now - current.since > DEADLINES.prepareMs) return 'prepare';
  if (current?.relayedAt !== undefined && now - current.relayedAt > DEADLINES.relayMs) return 'relay';
  const [oldest] = inFlight.values();
  if (!oldest || oldest === current || oldest.relayedAt === undefined) return null;
  return now - oldest.relayedAt > DEADLINES.ackMs ? 'ack' : null;
}
