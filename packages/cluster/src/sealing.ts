/**
 * The boxes and contexts with which the secrets of sessions are sealed. Workers read and write with them, and `wag
 * secrets reencrypt` seals anew.
 */
export const SESSION_KEYS_BOX = 'session-keys';

/** Binds a sealed value to its row of `session_keys`. */
export const sessionKeyContext = (sessionId: string, kind: string, keyId: string): string =>
  `${sessionId}|${kind}|${keyId}`;

/** The sealed halves of a row of `inbound_journal`. */
export type JournalHalf = 'stanza' | 'plaintext';

/** Binds one of the two sealed halves of a row of `inbound_journal`. */
export const journalContext = (sessionId: string, half: JournalHalf, hash: Uint8Array): string =>
  sessionKeyContext(sessionId, `inbound-journal.${half}`, Buffer.from(hash).toString('hex'));
