import type { Receipts } from '../../harness/sandbox-client.ts';

/** The receipts of every receiving phone, the same for both sides. */
export const RECEIPTS = { deliveredMs: 150, readMs: 400 } satisfies Receipts;

/** Milliseconds that a side without events waits for the receipts of its last messages. */
export const RECEIPTS_COME_WITHIN_MS = RECEIPTS.readMs + 200;
