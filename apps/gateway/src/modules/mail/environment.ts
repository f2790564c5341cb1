import { Type } from 'typebox';

/** The part of the environment that is about mail. */
export const MAIL_ENVIRONMENT = {
  /** The mail server. Without it mails go to MAIL_DIR; without both there are none. */
  SMTP_HOST: Type.Optional(Type.String()),
  /** 465 is TLS from the beginning. */
  SMTP_PORT: Type.Integer({ minimum: 1, maximum: 65_535, default: 587 }),
  SMTP_USER: Type.Optional(Type.String()),
  SMTP_PASS: Type.Optional(Type.String()),
  /** Sender. Default: SMTP_USER where that is an address. */
  SMTP_FROM: Type.Optional(Type.String()),
  /** A folder that mails are written to as .eml files instead. */
  MAIL_DIR: Type.Optional(Type.String()),
};

interface MailEnvironment {
  SMTP_HOST?: string;
  SMTP_USER?: string;
  SMTP_FROM?: string;
  MAIL_DIR?: string;
}

export const isMailOn = ({ SMTP_HOST, MAIL_DIR }: MailEnvironment): boolean => Boolean(SMTP_HOST || MAIL_DIR);

export const mailSender = ({ SMTP_FROM, SMTP_USER }: MailEnvironment): string =>
  SMTP_FROM ?? (SMTP_USER?.includes('@') ? SMTP_USER : 'wa-gate@localhost');
