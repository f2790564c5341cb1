/**
 * The public statuses of a message. `sent` means that WhatsApp's server has acknowledged it; `delivered` and `read`,
 * that a phone of the recipient says so, in a group those of all members. A message that came in is `received`.
 */
export const MESSAGE_STATUSES = ['queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'received'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/**
 * The table of every exact state with its public status: the enum `MessageState` of the database, and what the outbox
 * row and the code of a failure tell beside it (`SENDING`, `SCHEDULED`, `CANCELLED`, `EXPIRED`). The public `state` is
 * the same word in lower case.
 */
export const MESSAGE_STATE_STATUS = {
  QUEUED: 'queued',
  /** Its time has not come. */
  SCHEDULED: 'queued',
  SENDING: 'sending',
  FAILED: 'failed',
  /** The outcome is unknown, and the caller asked for `onUncertain: "fail"`: it is not sent again. */
  UNKNOWN: 'failed',
  /** Cancelled before it left. */
  CANCELLED: 'failed',
  /** Its `expiresAt` came before it left. */
  EXPIRED: 'failed',
  SENT: 'sent',
  DELIVERED: 'delivered',
  READ: 'read',
  /** A voice message or video was played. */
  PLAYED: 'read',
  /** A message that came in. */
  RECEIVED: 'received',
} as const satisfies Record<string, MessageStatus>;

/** The codes of failures that are states of their own. */
export const CANCELLED_CODE = 'MESSAGE_CANCELLED';
export const EXPIRED_CODE = 'MESSAGE_EXPIRED';

/** The states in capitals, as the database names those that it has. */
export type MessageStateName = keyof typeof MESSAGE_STATE_STATUS;

/** The public words of the exact states. */
export const MESSAGE_STATES = Object.keys(MESSAGE_STATE_STATUS).map((name) =>
  name.toLowerCase(),
) as Lowercase<MessageStateName>[];
export type PublicMessageState = (typeof MESSAGE_STATES)[number];

/** Status and state of a message as the API shows them. */
export function describeMessageState(name: MessageStateName): { status: MessageStatus; state: PublicMessageState } {
  return { status: MESSAGE_STATE_STATUS[name], state: name.toLowerCase() as PublicMessageState };
}

/** The states of a public status, for a filter by status. */
export function messageStatesOf(status: MessageStatus): MessageStateName[] {
  return (Object.keys(MESSAGE_STATE_STATUS) as MessageStateName[]).filter(
    (name) => MESSAGE_STATE_STATUS[name] === status,
  );
}

/** Whether WhatsApp does not have the message: it waits, is on its way, or will never be sent. */
export function isUnsent(name: MessageStateName): boolean {
  const status: MessageStatus = MESSAGE_STATE_STATUS[name];
  return status === 'queued' || status === 'sending' || status === 'failed';
}

/** Whether the message will never be sent, or nobody knows whether it was. */
export const hasFailed = (name: MessageStateName): boolean => MESSAGE_STATE_STATUS[name] === 'failed';
