import type { Network } from '@wa-gate/db';
import { createSecretBox, deriveKey } from '@wa-gate/kit';
import type { GatewaySettings } from '../app.ts';
import { type Config, durationSeconds } from '../config.ts';
import { createMailboxTransport, createMailSender, createSmtpTransport } from '../jobs/mail/index.ts';
import type { JobsMetrics } from '../metrics/index.ts';
import type { KeyStore } from '../modules/api-keys/index.ts';
import { createAccountService, createAuthService, parseSecrets } from '../modules/auth/index.ts';
import type { People } from '../modules/identities/index.ts';
import { createMailQueue, isMailOn, MAIL_BOX, type MailQueue, mailSender } from '../modules/mail/index.ts';
import { signingKeys } from '../plugins/access-tokens.ts';
import type { Revocations } from '../revocations/revocations.ts';
import type { Background, Resources } from './resources.ts';

/**
 * The secrets that sign tokens: those of the environment, else one derived from each master key, so that they rotate
 * with it.
 */
export function credentialSettings(
  config: Config,
  masterKeys: readonly Buffer[],
): Pick<GatewaySettings, 'tokenKeys' | 'tokenSeconds' | 'sessionSecrets'> {
  const secrets = (name: 'JWT_SECRET' | 'SESSION_SECRET', purpose: string) => {
    const list = config[name];
    return list === undefined ? masterKeys.map((key) => deriveKey(key, purpose)) : parseSecrets(name, list);
  };
  return {
    tokenKeys: signingKeys(secrets('JWT_SECRET', 'jwt')),
    tokenSeconds: durationSeconds(config.JWT_EXPIRES_IN),
    sessionSecrets: secrets('SESSION_SECRET', 'csrf'),
  };
}

const mailBox = ({ masterKeys }: Resources) => createSecretBox(masterKeys, MAIL_BOX);

/** Where mails are put in the transaction of what they tell. */
export const composeMailQueue = (resources: Resources, config: Config): MailQueue =>
  createMailQueue({ box: mailBox(resources), isOn: isMailOn(config) });

/** People: how they come in, and what is mailed to them. */
export function composeAccounts(
  resources: Resources,
  config: Config,
  deps: { revocations: Revocations; people: People; keys: KeyStore; defaultNetwork: Network },
) {
  const { pool } = resources;
  const mail = composeMailQueue(resources, config);
  return {
    mail,
    services: {
      auth: createAuthService({ ...deps, pool, mail, allowTierSelfSelect: config.ALLOW_TIER_SELF_SELECT }),
      account: createAccountService({ pool, mail, revocations: deps.revocations }),
    },
  };
}

/** The sending of mails; nothing where mail is off. */
export function composeMailing(
  resources: Resources,
  config: Config,
  { mails }: Pick<JobsMetrics, 'mails'>,
): { background: Background[] } {
  const { pool, clock, logger } = resources;
  if (!isMailOn(config)) return { background: [] };
  const from = mailSender(config);
  const { SMTP_HOST: host, SMTP_PORT: port, SMTP_USER: user, SMTP_PASS: password, MAIL_DIR = '' } = config;
  const transport = host
    ? createSmtpTransport({ host, port, user, password, from })
    : createMailboxTransport(MAIL_DIR, from);
  const onAttempt = (outcome: 'sent' | 'failed'): void => mails.inc({ outcome });
  return { background: [createMailSender({ pool, box: mailBox(resources), transport, clock, logger, onAttempt })] };
}
