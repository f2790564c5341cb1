/** Limits of the API. */
export const LIMITS = {
  /** People who see a status update. */
  statusAudience: 10_000,
  /** Largest JSON body, in bytes. */
  bodyBytes: 1_048_576,
  /** Longest text of a message, in characters. */
  messageText: 65_536,
  /** Longest caption of a file, in characters. */
  caption: 1_024,
  /** Pictures and videos of one album. */
  albumItems: 30,
  /** Milliseconds for which `wait=` holds a request. */
  waitDefaultMs: 10_000,
  waitMaxMs: 25_000,
  /** Longest `clientMessageId`, in characters. */
  clientMessageId: 128,
  /** Seconds after its sending for which WhatsApp lets the author edit a message. */
  editSeconds: 15 * 60,
  /** Seconds after its sending for which a message can be deleted for everyone: two days and a half. */
  revokeSeconds: 60 * 3_600,
  /** Longest simulation of typing, in seconds. */
  typingSeconds: 20,
  /** People that one message may mention. */
  mentions: 256,
  /** Days ahead for which a message can be scheduled. */
  scheduleDays: 366,
  /** Messages of one bulk request, and bytes of its body. */
  bulkMessages: 1_000,
  bulkBodyBytes: 8 * 1_048_576,
  /** Longest question and option of a poll, in characters, and its most options. */
  pollName: 255,
  pollOption: 100,
  pollOptions: 12,
  /** Longest text that is searched for, in characters. */
  searchText: 200,
  /** Rows of one page. */
  pageDefault: 50,
  pageMax: 200,
  /** Workspaces that one person may own. */
  ownWorkspaces: 20,
  passwordMin: 8,
  passwordMax: 256,
} as const;
