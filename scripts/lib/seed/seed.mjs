/**
 * Makes data for development: accounts, teams, sessions that are linked to phones of the sandbox, chats both ways, a
 * group, a webhook. It uses the API of the gateway and the control API of the sandbox. Existing data stays unchanged.
 */
import { ApiError, createApi } from '../demo/http.mjs';
import { waitUntil } from '../demo/wait-until.mjs';
import { linkSession } from './link-session.mjs';
import { ACCOUNTS, CONTACTS, PASSWORD } from './people.mjs';

const MESSAGE_MS = 30_000;
/** A URL for a server of the developer. Without one, deliveries stay in their retries. */
const WEBHOOK = { url: 'http://127.0.0.1:9099/events', events: ['message.received'] };

/**
 * @typedef {object} SeedOptions
 * @property {string} gatewayUrl
 * @property {string} sandboxUrl
 * @property {string | undefined} sandboxToken
 * @property {{ email: string, password: string }} admin
 * @property {AbortSignal} signal
 *
 * @typedef {object} Seeding
 * @property {import('../demo/http.mjs').Api} sandbox
 * @property {(token?: string) => import('../demo/http.mjs').Api} gateway
 * @property {AbortSignal} signal
 */

/**
 * @param {SeedOptions} options
 * @param {import('../progress.mjs').Progress} progress
 */
export async function runSeed({ gatewayUrl, sandboxUrl, sandboxToken, admin, signal }, progress) {
  /** @type {Seeding} */
  const seeding = {
    signal,
    sandbox: createApi(sandboxUrl, { token: sandboxToken, signal }),
    gateway: (token) => createApi(gatewayUrl, { token, signal }),
  };
  const asAdmin = seeding.gateway((await seeding.gateway()('POST', '/api/auth/login', admin)).token);
  await progress.step('Seeding phones', async () => {
    for (const [number, name] of Object.entries(CONTACTS)) await ensurePhone(seeding, number, name);
  });
  for (const account of ACCOUNTS) {
    await progress.step(`Seeding ${account.email}`, async (note) => {
      const owner = await ensureAccount(seeding, account);
      await asAdmin('PATCH', `/api/admin/users/${owner.userId}`, { tier: account.tier });
      await ensureTeam(seeding, owner, account.team);
      for (const session of account.sessions) {
        note(`session ${session.id}`);
        await ensureSession(seeding, owner.token, session);
      }
    });
  }
  progress.say(
    [
      'Seeded accounts (docs/accounts.md has the roles):',
      ...ACCOUNTS.flatMap(({ email, tier, team, sessions }) => [
        `  ${email}  ${tier}, owner of ${sessions.map(({ id }) => id).join(', ')}`,
        ...team.map((member) => `  ${member.email}  ${member.role} of the same workspace`),
      ]),
      `  The password of each: ${PASSWORD}`,
    ].join('\n'),
  );
}

/**
 * @param {Seeding} seeding
 * @param {string} number
 * @param {string} name
 */
async function ensurePhone({ sandbox }, number, name) {
  await unlessThere(sandbox('POST', '/phones', { number, name }));
}

/**
 * @param {Seeding} seeding
 * @param {{ email: string, name: string }} person
 * @returns {Promise<{ token: string, userId: string, workspaceId: string }>}
 */
async function ensureAccount({ gateway }, { email, name }) {
  await unlessThere(gateway()('POST', '/api/auth/register', { email, name, password: PASSWORD }));
  const { token, user, workspaceId } = await gateway()('POST', '/api/auth/login', { email, password: PASSWORD });
  return { token, userId: user.id, workspaceId };
}

/**
 * @param {Seeding} seeding
 * @param {{ token: string, workspaceId: string }} owner
 * @param {import('./people.mjs').Account['team']} team
 */
async function ensureTeam(seeding, { token, workspaceId }, team) {
  const asOwner = seeding.gateway(token);
  const { members } = await asOwner('GET', `/api/workspaces/${workspaceId}/members`);
  for (const { email, name, role } of team) {
    if (members.some((/** @type {any} */ member) => member.email === email)) continue;
    const person = await ensureAccount(seeding, { email, name });
    const invited = await asOwner('POST', `/api/workspaces/${workspaceId}/invitations`, { email, role });
    await seeding.gateway(person.token)('POST', `/api/invitations/${invited.token}/accept`, {});
  }
}

/**
 * @param {Seeding} seeding
 * @param {string} token of the owner
 * @param {import('./people.mjs').SeededSession} session
 */
async function ensureSession(seeding, token, session) {
  const { sandbox } = seeding;
  const api = seeding.gateway(token);
  await ensurePhone(seeding, session.phone, session.name);
  await unlessThere(api('POST', '/api/sessions', { sessionId: session.id, name: session.name, network: 'sandbox' }));
  await linkSession({ api, sandbox, sessionId: session.id, phone: session.phone, signal: seeding.signal });
  for (const { contact, lines } of session.chats) {
    await converse(seeding, api, session, { to: contact, answerTo: session.phone, contact, lines });
  }
  if (session.group) {
    const { subject, members, lines } = session.group;
    const { groups } = await sandbox('GET', '/groups');
    const group =
      groups.find((/** @type {any} */ one) => one.subject === subject && one.owner === session.phone) ??
      (await sandbox('POST', '/groups', { owner: session.phone, subject, participants: members }));
    await converse(seeding, api, session, { to: group.id, answerTo: group.id, contact: members[0] ?? '', lines });
  }
  if (session.webhook) await api('PUT', `/api/sessions/${session.id}/webhook`, WEBHOOK);
}

/**
 * Sends the lines of a chat in their order. Each is sent when the phone of the contact shows the last one.
 * @param {Seeding} seeding
 * @param {import('../demo/http.mjs').Api} api
 * @param {import('./people.mjs').SeededSession} session
 * @param {{ to: string, answerTo: string, contact: string, lines: readonly import('./people.mjs').Line[] }} chat
 */
async function converse({ sandbox, signal }, api, session, { to, answerTo, contact, lines }) {
  const isShown = async (/** @type {string} */ text) => {
    const { messages } = await sandbox('GET', `/phones/${contact}/messages`);
    return messages.some((/** @type {any} */ message) => message.text === text);
  };
  for (const [index, { from, text }] of lines.entries()) {
    if (await isShown(text)) continue;
    if (from === 'contact') await sandbox('POST', `/phones/${contact}/messages`, { to: answerTo, type: 'text', text });
    else {
      // The same id is the same message, also after the sandbox has lost the messages of its phones.
      const clientMessageId = `seed-${to}-${index}`;
      await api('POST', `/api/sessions/${session.id}/send`, { to, type: 'text', message: text, clientMessageId });
    }
    await waitUntil(`"${text}" on the phone`, async () => (await isShown(text)) || undefined, {
      signal,
      withinMs: MESSAGE_MS,
    });
  }
}

/**
 * @param {Promise<unknown>} creation
 */
async function unlessThere(creation) {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}
