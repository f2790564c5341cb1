/** Selects the administrator that the launcher prints. The environment only applies to the first start. */

const DEFAULT_EMAIL = 'admin@wa-gate.local';
const VARIABLES = /** @type {const} */ ({ email: 'ADMIN_EMAIL', password: 'ADMIN_PASSWORD' });

/** @typedef {import('./secrets.mjs').Credentials} Credentials */

/**
 * The administrator that is made when there is none.
 * @param {import('./secrets.mjs').Secrets} secrets
 * @param {NodeJS.ProcessEnv} env
 * @returns {Credentials}
 */
export function wantedAdministrator(secrets, env) {
  return { email: env.ADMIN_EMAIL || DEFAULT_EMAIL, password: env.ADMIN_PASSWORD || secrets.adminPassword };
}

/**
 * @param {object} known
 * @param {import('./secrets.mjs').Secrets} known.secrets
 * @param {NodeJS.ProcessEnv} known.env
 * @param {readonly string[]} known.administrators that are in the database, by their addresses
 * @returns {{ admin: Credentials, ignored?: string }} `ignored`: a sentence about settings without an effect
 */
export function chooseAdministrator({ secrets, env, administrators }) {
  const wanted = wantedAdministrator(secrets, env);
  if (administrators.length === 0) return { admin: wanted };
  // A folder of an earlier version, or a database from elsewhere, has only the addresses.
  const isThere = administrators.includes(wanted.email.trim().toLowerCase());
  const admin = secrets.firstAdministrator ?? (isThere ? wanted : wantedAdministrator(secrets, {}));
  const differing = /** @type {(keyof Credentials)[]} */ (['email', 'password']).flatMap((key) => {
    const name = VARIABLES[key];
    return env[name] && env[name] !== admin[key] ? [name] : [];
  });
  if (differing.length === 0) return { admin };
  const subject = differing.length === 1 ? `${differing[0]} is` : `${differing.join(' and ')} are`;
  return {
    admin,
    ignored: `${subject} not used: there is an administrator already. These variables count at the first start only.`,
  };
}
