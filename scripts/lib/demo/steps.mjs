/** The steps of the demonstration. Each uses a public API only. */
import { ApiError, createApi } from './http.mjs';
import { inventUser } from './participants.mjs';
import { waitUntil } from './wait-until.mjs';

const PAIRING_MS = 60_000;
/** Milliseconds between two requests for a QR code: a workspace has 60 session operations in a minute. */
const QR_EVERY_MS = 500;
const RECONNECT_MS = 30_000;
const MESSAGE_MS = 30_000;

/**
 * @typedef {object} Scene
 * @property {string} gatewayUrl
 * @property {string} sandboxUrl
 * @property {string | undefined} sandboxToken
 * @property {AbortSignal} signal
 * @property {<T>(title: string, work: () => Promise<T>) => Promise<T>} step prints the title and the time
 * @property {(text: string) => void} say
 * @property {(text: string) => Promise<string>} drawQr
 */

/**
 * Registers a user, creates a session and links it to a phone.
 * @param {Scene} scene
 * @returns {Promise<import('./participants.mjs').Participants>}
 */
export async function introduce(scene) {
  const { step, say, signal, gatewayUrl } = scene;
  const sandbox = sandboxApi(scene);
  const { email, password, sessionId } = inventUser();

  const user = await step(`register a user (${email})`, () =>
    createApi(gatewayUrl, { signal })('POST', '/api/auth/register', { email, password, name: 'Demo' }),
  );
  const asUser = createApi(gatewayUrl, { token: user.token, signal });
  const session = await step(`create a session (${sessionId})`, () =>
    asUser('POST', '/api/sessions', { name: 'Demo', sessionId, network: 'sandbox' }),
  );
  const path = `/api/sessions/${sessionId}`;
  const asSession = createApi(gatewayUrl, { token: session.apiKey, signal });

  const qr = await step('show the QR code', () =>
    waitUntil('A QR code', async () => (await asSession('GET', `${path}/qr`).catch(notYet))?.qr || undefined, {
      signal,
      withinMs: PAIRING_MS,
      everyMs: QR_EVERY_MS,
    }),
  );
  say(await scene.drawQr(qr));
  const phone = await sandbox('POST', '/phones', { name: 'Demo phone' });
  const customer = await sandbox('POST', '/phones', { name: 'Customer' });
  await step(`the sandbox phone ${phone.number} scans it`, () =>
    sandbox('POST', `/phones/${phone.number}/scan`, { qr }),
  );
  await step('connected', () => waitUntilConnected(asSession, sessionId, { signal, withinMs: PAIRING_MS }));
  return {
    gateway: gatewayUrl,
    email,
    password,
    sessionId,
    apiKey: session.apiKey,
    phone: phone.number,
    customer: customer.number,
  };
}

/**
 * Waits for the session of an earlier start, which connects without a QR code.
 * @param {Scene} scene
 * @param {import('./participants.mjs').Participants} participants
 * @returns {Promise<boolean>} false when that session is not known any more or does not connect
 */
export async function reconnect(scene, { sessionId, apiKey, phone }) {
  const { gatewayUrl, signal, step, say } = scene;
  const asSession = createApi(gatewayUrl, { token: apiKey, signal });
  try {
    await sandboxApi(scene)('GET', `/phones/${phone}`);
    await step(`session ${sessionId} connects again, without a QR code`, () =>
      waitUntilConnected(asSession, sessionId, { signal, withinMs: RECONNECT_MS }),
    );
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    say(`  not possible (${error instanceof Error ? error.message : String(error)}): a new session is made`);
    return false;
  }
}

/**
 * Sets the webhook of the session.
 * @param {Scene} scene
 * @param {import('./participants.mjs').Participants} participants
 * @param {string} url
 * @returns {Promise<string>} the secret that signs them
 */
export async function subscribe({ gatewayUrl, signal, step }, { sessionId, apiKey }, url) {
  const asSession = createApi(gatewayUrl, { token: apiKey, signal });
  const answer = await step(`send events to ${url}`, () =>
    asSession('PUT', `/api/sessions/${sessionId}/webhook`, { url, events: ['*'] }),
  );
  return answer.webhook.secret;
}

/**
 * Sends a message to the phone of the customer, and its answer to the webhook.
 * @param {Scene} scene
 * @param {import('./participants.mjs').Participants} participants
 * @param {{ received: import('./receiver.mjs').Received[] }} receiver
 */
export async function converse(scene, { sessionId, apiKey, phone, customer }, receiver) {
  const { gatewayUrl, signal, step } = scene;
  const sandbox = sandboxApi(scene);
  const asSession = createApi(gatewayUrl, { token: apiKey, signal });
  const stamp = new Date().toISOString();
  const hello = `hello (${stamp})`;
  const reply = `hello yourself (${stamp})`;

  await step(`send "hello" to ${customer} with the session key`, () =>
    asSession('POST', `/api/sessions/${sessionId}/send`, { to: customer, type: 'text', message: hello }),
  );
  await step('the phone has it', () =>
    waitUntil(
      'The message on the phone',
      async () => {
        const { messages } = await sandbox('GET', `/phones/${customer}/messages`);
        return messages.find((/** @type {any} */ message) => message.text === hello);
      },
      { signal, withinMs: MESSAGE_MS },
    ),
  );
  await step('the phone answers', () =>
    sandbox('POST', `/phones/${customer}/messages`, { to: phone, type: 'text', text: reply }),
  );
  await step('the answer arrives at the webhook, with a valid signature', async () => {
    const arrival = await waitUntil(
      'The answer at the webhook',
      async () => receiver.received.find(({ event }) => mentions(event, reply)),
      { signal, withinMs: MESSAGE_MS },
    );
    if (!arrival.valid) throw new Error('The signature of the webhook is wrong');
  });
}

/** @param {Scene} scene */
function sandboxApi({ sandboxUrl, sandboxToken, signal }) {
  return createApi(sandboxUrl, { token: sandboxToken, signal });
}

/**
 * @param {import('./http.mjs').Api} asSession
 * @param {string} sessionId
 * @param {{ signal: AbortSignal, withinMs: number }} options
 */
function waitUntilConnected(asSession, sessionId, options) {
  return waitUntil(
    'The connection',
    async () => {
      const { status } = await asSession('GET', `/api/sessions/${sessionId}/status`);
      return status === 'connected' ? status : undefined;
    },
    options,
  );
}

/** Statuses that pass: no code yet, the session between two workers, or too many requests. */
const PASSES = new Set([404, 409, 429, 503]);

/**
 * The worker may not have made a code yet.
 * @param {unknown} error
 */
function notYet(error) {
  if (error instanceof ApiError && PASSES.has(error.status)) return undefined;
  throw error;
}

/**
 * @param {any} event
 * @param {string} text
 */
function mentions(event, text) {
  return event?.event === 'message.received' && JSON.stringify(event.data ?? {}).includes(text);
}
