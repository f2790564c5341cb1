/**
 * The messages that this worker has sent and received, over all its process lives. PostgreSQL keeps the number beside
 * the lease: a process goes on from there, so that after a crash at most the messages since the last renewal are
 * missing.
 */
export interface MessageCount {
  /** The number to store; 0 while the stored one is not known. */
  known(): number;
  /** The number to show: what this process has counted, before the stored one is known. */
  shown(): number;
  /** What PostgreSQL has. The first answer is what the process lives before this one have counted. */
  stored(count: number): void;
}

/** @param ofProcess messages since the start of this process */
export function createMessageCount(ofProcess: () => number): MessageCount {
  let before: number | undefined;
  const total = (): number => (before ?? 0) + ofProcess();
  return {
    known: () => (before === undefined ? 0 : total()),
    shown: total,
    stored(count) {
      before ??= count;
    },
  };
}
