export { isMailOn, MAIL_ENVIRONMENT, mailSender } from './environment.ts';
export { createMailQueue, MAIL_BOX, type Mail, type MailQueue, mailContext } from './mail-queue.ts';
