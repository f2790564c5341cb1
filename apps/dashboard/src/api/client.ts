import { createApiClient } from '@wa-gate/sdk';
import { authorizedFetch } from './authorized-fetch.ts';
import { basePath } from './base-path.ts';

/** The API as the SDK calls it, with the login of this browser. The cache of queries repeats what has failed. */
export const api = createApiClient({
  url: `${location.origin}${basePath}`,
  credentials: 'same-origin',
  fetch: authorizedFetch,
  retries: 0,
});

/** Options of a call that sends a file: on a slow line it takes as long as it takes. */
export const UPLOAD = { timeoutMs: Number.POSITIVE_INFINITY };
