import { ConfigError } from '@wa-gate/kit';
import { Type } from 'typebox';

/** The part of the environment that is about people and their credentials. */
export const AUTH_ENVIRONMENT = {
  /** The first administrator, made at the first start. Both or none. */
  ADMIN_EMAIL: Type.Optional(Type.String()),
  ADMIN_PASSWORD: Type.Optional(Type.String()),
  /**
   * At least 32 characters; several separated by commas: the first signs tokens, all verify. Derived from the master
   * key when absent.
   */
  JWT_SECRET: Type.Optional(Type.String()),
  /** Life of a token: a number of seconds, or a number with s, m, h or d. */
  JWT_EXPIRES_IN: Type.String({ pattern: '^[1-9][0-9]{0,8}[smhd]?$', default: '15m' }),
  /** As JWT_SECRET, for the tokens that go with the session cookie (X-CSRF-Token). */
  SESSION_SECRET: Type.Optional(Type.String()),
  /** Of the PaaS brief; passwords are hashed with argon2id here. Ignored, with a warning. */
  BCRYPT_ROUNDS: Type.Optional(Type.String()),
  ALLOW_TIER_SELF_SELECT: Type.Boolean({ default: false }),
};

const MIN_SECRET_LENGTH = 32;

/**
 * The secrets of a list.
 *
 * @throws {ConfigError} for one that is too short
 */
export function parseSecrets(name: string, list: string): string[] {
  const secrets = list.split(',').map((secret) => secret.trim());
  if (secrets.some((secret) => secret.length < MIN_SECRET_LENGTH)) {
    throw new ConfigError(
      `The environment is not valid: ${name} must have at least ${MIN_SECRET_LENGTH} characters (make one with: openssl rand -hex 32); several are separated by commas. Leave it out to have one derived from the master key.`,
    );
  }
  return secrets;
}

/**
 * The first administrator that the environment names; `null` when it names none.
 *
 * @throws {ConfigError} for half of one
 */
export function administratorOf(config: {
  ADMIN_EMAIL?: string;
  ADMIN_PASSWORD?: string;
}): { email: string; password: string } | null {
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = config;
  if (email === undefined && password === undefined) return null;
  if (email !== undefined && password !== undefined) return { email, password };
  throw new ConfigError('The environment is not valid: ADMIN_EMAIL and ADMIN_PASSWORD belong together.');
}
