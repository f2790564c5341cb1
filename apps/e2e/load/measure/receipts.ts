import type { Receipts } from '../../harness/sandbox-client.ts';

/** What every receiving phone does in the load runs, on both sides alike. */
export const RECEIPTS = { deliveredMs: 150, readMs: 400 } satisfies Receipts;

/** How long a side that nobody tells about receipts waits for those of its last messages. */
export const RECEIPTS_COME_WITHIN_MS = RECEIPTS.readMs + 200;
