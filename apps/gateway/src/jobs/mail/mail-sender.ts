import type { Pool } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, type SecretBox } from '@wa-gate/kit';
import { type Mail, mailContext } from '../../modules/mail/index.ts';
import { claimMails, type DueMail, markFailed, markSent } from './mail-rows.ts';
import type { MailTransport } from './mail-transport.ts';

export interface MailSenderDependencies {
  pool: Pool;
  box: SecretBox;
  transport: MailTransport;
  clock: Clock;
  logger: Logger;
  /** What came of an attempt. */
  onAttempt?: (outcome: 'sent' | 'failed') => void;
  /** How often it looks. @default 1 000 */
  everyMs?: number;
}

/**
 * Sends mails that are due. Any number of processes may run it: each claims what it sends. A mail is sent at least
 * once. If the process dies between the server's acceptance and its record, the mail is sent again under the same
 * Message-ID.
 */
export interface MailSender {
  start(): void;
  /** Sends what is due now; returns how many were tried. */
  round(): Promise<number>;
  stop(): Promise<void>;
}

/** Few at a time, so that a server that hangs holds up few. */
const BATCH = 5;
const STOP_WITHIN_MS = 2_000;

export function createMailSender(deps: MailSenderDependencies): MailSender {
  const { pool, box, transport, clock, logger, onAttempt, everyMs = 1_000 } = deps;

  async function attempt(due: DueMail): Promise<void> {
    const { id, recipient, content, createdAt } = due;
    try {
      const mail = JSON.parse(box.open(content, mailContext(id)).toString()) as Omit<Mail, 'to'>;
      await transport.send({ ...mail, id, to: recipient, createdAt });
    } catch (error) {
      onAttempt?.('failed');
      logger.warn({ err: error, mailId: id, attempts: due.attempts }, 'mail not sent, trying again later');
      return await markFailed(pool, due, error as Error);
    }
    onAttempt?.('sent');
    await markSent(pool, id);
  }

  async function round(): Promise<number> {
    const due = await claimMails(pool, BATCH);
    await Promise.all(due.map(attempt));
    return due.length;
  }

  const loop = createLoop({
    clock,
    round: async () => ((await round()) < BATCH ? undefined : 'more'),
    everyMs,
    jitter: 0.25,
    onError: (error) => logger.warn({ err: error }, 'mails cannot be read, trying again'),
  });

  return {
    start: loop.start,
    round,
    async stop() {
      // An attempt that hangs at the server is left behind: its claim runs out, and the mail is tried again.
      await Promise.race([loop.stop(), clock.sleep(STOP_WITHIN_MS)]);
      transport.close();
    },
  };
}
