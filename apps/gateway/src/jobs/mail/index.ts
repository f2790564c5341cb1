export { sweepMails } from './mail-rows.ts';
export { createMailSender, type MailSender } from './mail-sender.ts';
export { createMailboxTransport, createSmtpTransport, type MailTransport } from './mail-transport.ts';
