/**
 * How long each step of a send may take, in one place. Nothing waits for ever: a step that is late ends the connection
 * (or gives up the statement), and the message goes back to its old place in the outbox.
 *
 * | step | deadline | who watches | what then | |---|---|---|---| | claim, and every other statement | 10 s in
 * PostgreSQL, 15 s when it is silent | the pool | tried again after `pauseAfterErrorMs`; what a lost answer had claimed
 * is found and given back | | upload of a file | `noProgressMs` of `UPLOAD_PACE` without progress | the upload itself |
 * the next host, then all again; the message fails at last | | prepare: who the devices of the chat are | `prepareMs`;
 * each query of Baileys has 20 s | the sweep | the connection is opened anew | | relay: ratchet step committed, frame
 * written | `relayMs` | the sweep | the connection is opened anew | | acknowledgement by WhatsApp's server | `ackMs` |
 * the sweep | the connection is opened anew; the message goes out again under the same id, or is `unknown` where the
 * caller wants that |
 */
export const DEADLINES = {
  prepareMs: 45_000,
  relayMs: 30_000,
  ackMs: 30_000,
} as const;

/** The rhythm of the dispatcher. */
export const PACE = {
  /** How often the outbox is read without a doorbell. */
  pollMs: 2_000,
  /** How often the deadlines are looked at. */
  sweepMs: 1_000,
  /**
   * Rows that a session takes at a time: enough to spare statements, few enough that an urgent message does not wait
   * long.
   */
  rowsPerClaim: 10,
  claimsInFlight: 2,
  /** Offered messages of a session that may wait for those before them. */
  maxOffers: 32,
  /** Unacknowledged messages of a session on the wire at once. */
  maxInFlight: 32,
  /** Chats of a session that wait for WhatsApp or for an upload. Nothing more is claimed for it meanwhile. */
  maxWaitingChats: 32,
  /** Rows in these chats. */
  maxWaitingRows: 256,
  /** Failed attempts after which a message is given up. */
  maxAttempts: 3,
  pauseAfterErrorMs: 2_000,
} as const;
