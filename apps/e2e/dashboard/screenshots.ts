import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownCheckout } from '../harness/checkout.ts';

/** Where pictures of the pages go; git ignores it. SCREENSHOTS names another folder. */
export const newestFolder = process.env.SCREENSHOTS ?? join(ownCheckout, '.wa-gate', 'screenshots');
mkdirSync(newestFolder, { recursive: true });
