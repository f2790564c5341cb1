/**
 * The public statuses of a message. `sent` means that WhatsApp's server has acknowledged it; `delivered` and `read`,
 * that a phone of the recipient says so, in a group those of all members. A message that came in is `received`.
 */
export const MESSAGE_STATUSES = ['queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'received'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/**
 * The table of every exact state (enum `MessageState` of the database, and `SENDING`, the state of the outbox row
 * during an attempt) with its public status. The public `state` is the same word in lower case.
 */
export const MESSAGE_STATE_STATUS = {
  QUEUED: 'queued',
  SENDING: 'sending',
  FAILED: 'failed',
  /** The outcome is unknown, and the caller asked for `onUncertain: "fail"`: it is not sent again. */
  UNKNOWN: 'failed',
  SENT: 'sent',
  DELIVERED: 'delivered',
  READ: 'read',
  /** A voice message or video was played. */
  PLAYED: 'read',
  /** A message that came in. */
  RECEIVED: 'received',
} as const satisfies Record<string, MessageStatus>;

/** The states as the database names them, and `SENDING`. */
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
