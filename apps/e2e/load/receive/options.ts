import { MESSAGE_FLAGS, type MessageLoadOptions, readFlags, readMessageOptions } from '../measure/flags.ts';

export function readOptions(args: readonly string[]): MessageLoadOptions {
  const options = readMessageOptions(readFlags(args, MESSAGE_FLAGS));
  if (options.webhook === 'none')
    throw new Error('--webhook is none, but a message has arrived when the webhook has it; use inbound or all');
  return options;
}
