/**
 * The participants: a user with a session at the gateway, the phone of the session, and a customer with another phone.
 * They are stored, so that a later start connects the session without a new QR code.
 */
import { randomBytes } from 'node:crypto';
import { readJson, setAside, writeJson } from '../files.mjs';

/**
 * @typedef {object} Participants
 * @property {string} gateway at which they are known
 * @property {string} email
 * @property {string} password
 * @property {string} sessionId
 * @property {string} apiKey of the session
 * @property {string} phone number the session is linked to
 * @property {string} customer number of the customer
 */

/**
 * @param {string} path
 * @param {(text: string) => void} warn
 * @returns {Participants | undefined}
 */
export function loadParticipants(path, warn) {
  const file = readJson(path);
  if (file.state === 'missing') return undefined;
  if (file.state === 'ok' && isComplete(file.value)) return file.value;
  warn(`${path} is damaged; it is kept as ${setAside(path)}. The demonstration begins with a new user and session.`);
  return undefined;
}

/**
 * @param {string} path
 * @param {Participants} participants
 */
export function saveParticipants(path, participants) {
  writeJson(path, participants);
}

/** @returns {{ email: string, password: string, sessionId: string }} */
export function inventUser() {
  const suffix = randomBytes(3).toString('hex');
  return {
    email: `demo-${suffix}@wa-gate.local`,
    password: randomBytes(15).toString('base64url'),
    sessionId: `demo-${suffix}`,
  };
}

/** @param {any} value */
function isComplete(value) {
  return ['email', 'password', 'sessionId', 'apiKey', 'phone', 'customer'].every(
    (name) => typeof value[name] === 'string' && value[name] !== '',
  );
}
