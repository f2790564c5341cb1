/** Links a session to a phone of the sandbox with the text of its QR code. */
import { ApiError } from '../demo/http.mjs';
import { waitUntil } from '../demo/wait-until.mjs';

const LINK_MS = 60_000;
/** Milliseconds that a session which was linked before has to connect by itself; afterwards it is linked again. */
const RECONNECT_MS = 20_000;
/** Milliseconds between two requests for a QR code: a workspace has 60 session operations in a minute. */
const QR_EVERY_MS = 1_500;
/**
 * Statuses that pass: no code yet, the session between two workers, too many requests, or a code that has just changed.
 */
const PASSES = new Set([400, 404, 409, 410, 429, 503]);

/**
 * @param {object} options
 * @param {import('../demo/http.mjs').Api} options.api of the gateway
 * @param {import('../demo/http.mjs').Api} options.sandbox
 * @param {string} options.sessionId
 * @param {string} options.phone
 * @param {AbortSignal} options.signal
 */
export async function linkSession({ api, sandbox, sessionId, phone, signal }) {
  const path = `/api/sessions/${sessionId}`;
  const isConnected = async () => (await api('GET', `${path}/status`)).status === 'connected';
  const { phoneNumber } = await api('GET', path);
  if (phoneNumber) {
    const isBack = await waitUntil('The connection', async () => (await isConnected()) || undefined, {
      signal,
      withinMs: RECONNECT_MS,
    }).catch(() => false);
    if (isBack) return;
  }
  await waitUntil(
    `The link of session ${sessionId}`,
    async () => {
      if (await isConnected()) return true;
      try {
        const { qr } = await api('GET', `${path}/qr`);
        if (qr) await sandbox('POST', `/phones/${phone}/scan`, { qr });
      } catch (error) {
        if (!(error instanceof ApiError && PASSES.has(error.status))) throw error;
      }
      return (await isConnected()) || undefined;
    },
    { signal, withinMs: LINK_MS, everyMs: QR_EVERY_MS },
  );
}
