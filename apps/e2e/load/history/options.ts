import { readFlags, within } from '../measure/flags.ts';

export interface HistoryLoadOptions {
  messages: number;
  chats: number;
  sessions: number;
  /** Of each question. */
  requests: number;
}

export function readOptions(args: readonly string[]): HistoryLoadOptions {
  const values = readFlags(args, {
    messages: { type: 'string', default: '1000000' },
    chats: { type: 'string', default: '5000' },
    sessions: { type: 'string', default: '4' },
    requests: { type: 'string', default: '40' },
  });
  return {
    messages: within('messages', values.messages, 1_000, 10_000_000),
    chats: within('chats', values.chats, 10, 100_000),
    sessions: within('sessions', values.sessions, 1, 50),
    requests: within('requests', values.requests, 5, 1_000),
  };
}
