/**
 * How far a stream of a workspace has come. Events of one session are in the order of their `seq`, and those of several
 * sessions have no common number. So the cursor names a moment up to which everything was shown, and for each session
 * that had an event since then the last `seq` that was shown.
 */
export interface WorkspaceCursor {
  /** Milliseconds since 1970, on the clock of PostgreSQL. */
  shownUntil: number;
  /** The last `seq` that was shown, by the key of the session. */
  seqs: ReadonlyMap<string, number>;
}

const VERSION = 'w1';
const KEY_BYTES = 6;
const CURSOR = /^w1~([0-9a-z]{1,11})((?:~[\w-]{8}\.[0-9a-z]{1,11})*)$/;
const SEQ = /^\d{1,15}$/;

/** A short name of a session within its workspace: the last 48 bits of its id. */
export const cursorKeyOf = (sessionId: string): string =>
  Buffer.from(sessionId.replaceAll('-', '').slice(-2 * KEY_BYTES), 'hex').toString('base64url');

/** What a cursor says of one session. */
export const cursorEntryOf = (sessionId: string, seq: number): string =>
  `${cursorKeyOf(sessionId)}.${seq.toString(36)}`;

/** @param entries by {@link cursorEntryOf} */
export const writeWorkspaceCursor = (shownUntil: number, entries: readonly string[]): string =>
  [VERSION, Math.max(0, Math.floor(shownUntil)).toString(36), ...entries].join('~');

/** `null`: it is no cursor of a workspace. */
export function readWorkspaceCursor(text: string): WorkspaceCursor | null {
  const found = CURSOR.exec(text);
  if (!found) return null;
  const [, moment = '', entries = ''] = found;
  const seqs = new Map<string, number>();
  for (const entry of entries.split('~').filter(Boolean)) {
    const [key = '', seq = ''] = entry.split('.');
    const value = Number.parseInt(seq, 36);
    // Two sessions of one key: the earlier position, so that an event may come twice and none is missed.
    seqs.set(key, Math.min(seqs.get(key) ?? value, value));
  }
  return { shownUntil: Number.parseInt(moment, 36), seqs };
}

/** The cursor of one session: the `seq` of its last event that was shown. `null`: it is none. */
export const readSessionCursor = (text: string): number | null => (SEQ.test(text) ? Number(text) : null);
