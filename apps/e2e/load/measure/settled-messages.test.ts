import { expect, test } from 'vitest';
import { SettledMessages } from './settled-messages.ts';

const note = (messages: SettledMessages, event: string, messageId = 'a') =>
  messages.note({ event, seq: 1, data: { messageId } });

test('a message is complete with its three events, whether they come before or after the answer', async () => {
  const messages = new SettledMessages();
  note(messages, 'message.sent');
  messages.expect('a');
  note(messages, 'message.read');
  expect(messages.missing).toBe(1);
  note(messages, 'message.delivered');
  expect(messages.missing).toBe(0);
  for (const event of ['message.sent', 'message.delivered', 'message.read']) note(messages, event, 'b');
  messages.expect('b');
  expect(messages.missing).toBe(0);
  expect(await messages.untilComplete(0)).toBeNull();
});

test('what is missing is named', async () => {
  const messages = new SettledMessages();
  messages.expect('a');
  note(messages, 'message.sent');
  note(messages, 'session.status');
  expect(await messages.untilComplete(20)).toEqual({
    messages: 1,
    what: 'events of 1 messages did not come; of a came: message.sent',
  });
  expect(await messages.untilComplete(20)).toBeNull();
});
