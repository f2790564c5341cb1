import type { SecretBox } from '@wa-gate/kit';

/** Purpose of the box that secrets and configurations of webhooks are sealed with. */
export const WEBHOOK_SECRETS_BOX = 'webhook-secrets';

/**
 * What a secret is sealed to: it cannot be moved to another webhook.
 *
 * @param id of the session for its primary webhook, which gateways of the version before read; of the endpoint for the
 *   others
 */
export const secretContext = (id: string): string => `webhook/${id}`;

/** What a configuration is sealed to. */
export const configurationContext = (endpointId: string): string => `webhook-configuration/${endpointId}`;

/** What an HTTP endpoint has besides its URL, and is never shown. */
export interface HttpConfiguration {
  /** Sent with each attempt, by name. */
  headers?: Record<string, string>;
  basicAuth?: { username: string; password: string };
}

/** A webhook as far as its sealed columns are concerned. */
export interface SealedParts {
  endpointId: string;
  sessionId: string;
  isPrimary: boolean;
  secret: Buffer;
  previousSecret: Buffer | null;
  /** Milliseconds for which the previous secret signs. */
  previousSecretMs: number | null;
  configuration: Buffer | null;
}

/** What a test request is made of. */
export interface TestedWebhook extends SealedParts {
  /** The public id of the session that its body names. */
  slug: string;
  type: string;
  url: string;
  metadata: Record<string, unknown> | null;
}

export const sealConfiguration = (box: SecretBox, endpointId: string, configuration: object): Buffer =>
  box.seal(Buffer.from(JSON.stringify(configuration)), configurationContext(endpointId));

export const openConfiguration = <T extends object>(box: SecretBox, endpointId: string, sealed: Buffer): T =>
  JSON.parse(box.open(sealed, configurationContext(endpointId)).toString()) as T;

/** The headers of each request: names in small letters. */
export function requestHeaders({ headers = {}, basicAuth }: HttpConfiguration): Record<string, string> {
  const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  if (basicAuth) {
    const credentials = Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64');
    all.authorization = `Basic ${credentials}`;
  }
  return all;
}

/**
 * What a delivery needs of the sealed columns.
 *
 * @param now milliseconds since 1970
 */
export function openParts(box: SecretBox, parts: SealedParts, now: number) {
  const { endpointId, sessionId, isPrimary, previousSecret, previousSecretMs, configuration } = parts;
  const context = secretContext(isPrimary ? sessionId : endpointId);
  const isPreviousValid = previousSecret !== null && previousSecretMs !== null && previousSecretMs > 0;
  return {
    secret: box.open(parts.secret, context).toString(),
    previous: isPreviousValid
      ? { secret: box.open(previousSecret, context).toString(), until: now + previousSecretMs }
      : undefined,
    headers: configuration ? requestHeaders(openConfiguration<HttpConfiguration>(box, endpointId, configuration)) : {},
  };
}
