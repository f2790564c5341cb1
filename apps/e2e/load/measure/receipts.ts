import type { Receipts } from '../../harness/sandbox-client.ts';

/** What every receiving phone does in the load runs, on both sides alike. */
export const RECEIPTS = { deliveredMs: 150, readMs: 400 } satisfies Receipts;
