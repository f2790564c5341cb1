/** Checks over HTTP whether a service is ready. */

const ANSWER_MS = 2_000;

/**
 * @param {string} url
 * @returns {Promise<boolean>}
 */
export async function isHealthy(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
