export { sweepMails } from './mail-rows.ts';
export { createMailSender } from './mail-sender.ts';
export { createMailboxTransport, createSmtpTransport, type MailTransport } from './mail-transport.ts';
