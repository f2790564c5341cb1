import type { Queryable } from '@wa-gate/db';
import { newId, type SecretBox } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';

/** A mail for one person. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Purpose of the box that mails are sealed with. */
export const MAIL_BOX = 'mails';

/** Binds a sealed mail to its row. */
export const mailContext = (id: string): string => `mail/${id}`;

export interface MailQueue {
  /** False where the installation sends no mail. */
  readonly isOn: boolean;
  /**
   * Stores a mail in the transaction of the change it reports: the mail exists exactly if the change does. The jobs
   * send it (jobs/mail), so that no request waits for a mail server.
   *
   * @throws {ApiError} `MAIL_OFF`
   */
  enqueue(tx: Queryable, mail: Mail): Promise<void>;
}

const INSERT = { name: 'enqueue-mail', text: 'INSERT INTO mails (id, recipient, content) VALUES ($1, $2, $3)' };

export function createMailQueue({ box, isOn }: { box: SecretBox; isOn: boolean }): MailQueue {
  return {
    isOn,
    async enqueue(tx, { to, subject, text }) {
      if (!isOn) throw new ApiError('MAIL_OFF');
      const id = newId();
      const content = box.seal(Buffer.from(JSON.stringify({ subject, text })), mailContext(id));
      await tx.query({ ...INSERT, values: [id, to, content] });
    },
  };
}
