import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mail } from '../../modules/mail/index.ts';

/** A mail as it leaves. */
export interface OutgoingMail extends Mail {
  /** Of its row; also in the Message-ID, so that a mail that was sent twice after a crash can be known as one. */
  id: string;
  createdAt: Date;
}

/** Where mails go. */
export interface MailTransport {
  send(mail: OutgoingMail): Promise<void>;
  close(): void;
}

export interface SmtpSettings {
  host: string;
  port: number;
  user?: string | undefined;
  password?: string | undefined;
  from: string;
}

const IMPLICIT_TLS_PORT = 465;
const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 20_000;
const LOOPBACK = /^(localhost|127\.|\[?::1\]?$)/;

const LINE_LENGTH = 76;

/**
 * Longer lines would have to be encoded, and a token in an encoded file cannot be read with the eye. A longer word
 * stays whole.
 */
const wrap = (text: string): string =>
  text.replaceAll(new RegExp(`(?=.{${LINE_LENGTH + 1}})(.{1,${LINE_LENGTH}}) +`, 'g'), '$1\n');

/** An address alone: what looks like a list of addresses stays one, and is refused by the server. */
const message = (from: string, { id, to, subject, text, createdAt }: OutgoingMail) => ({
  from,
  to: { name: '', address: to },
  subject,
  text: wrap(text),
  date: createdAt,
  messageId: `<${id}@wa-gate>`,
  headers: { 'Auto-Submitted': 'auto-generated' },
  // The content of a mail cannot make nodemailer read files or URLs.
  disableFileAccess: true,
  disableUrlAccess: true,
});

/** A process that mails nothing does without nodemailer: it is loaded for the first mail. */
function openedAtFirstUse<T extends { close(): void }>(create: (nodemailer: typeof import('./nodemailer.ts')) => T) {
  let transport: Promise<T> | undefined;
  return {
    open: (): Promise<T> => {
      transport ??= import('./nodemailer.ts').then(create);
      return transport;
    },
    close: (): void => void transport?.then((opened) => opened.close()),
  };
}

/** A mail server. A password is not sent in clear over a network: without TLS the mail waits. */
export function createSmtpTransport({ host, port, user, password, from }: SmtpSettings): MailTransport {
  const transport = openedAtFirstUse(({ createTransport }) =>
    createTransport({
      host,
      port,
      secure: port === IMPLICIT_TLS_PORT,
      requireTLS: user !== undefined && port !== IMPLICIT_TLS_PORT && !LOOPBACK.test(host),
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
    }),
  );
  return {
    async send(mail) {
      await (await transport.open()).sendMail(message(from, mail));
    },
    close: transport.close,
  };
}

/**
 * A folder with one `.eml` file per mail, which every mail program opens: the mailbox of an installation without a mail
 * server. Names begin with the time, so that the newest is last. A file appears complete, and is readable by its owner
 * alone, because it may hold a token.
 */
export function createMailboxTransport(folder: string, from: string): MailTransport {
  const transport = openedAtFirstUse(({ createTransport }) =>
    createTransport({ streamTransport: true, buffer: true, newline: 'unix' }),
  );
  return {
    async send(mail) {
      const { message: bytes } = await (await transport.open()).sendMail(message(from, mail));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `${mail.createdAt.toISOString().replaceAll(':', '-')}_${mail.id}.eml`);
      await writeFile(`${path}.draft`, bytes as Buffer, { mode: 0o600 });
      await rename(`${path}.draft`, path);
    },
    close: transport.close,
  };
}
