import { expect, test } from 'vitest';
import { ownCheckout } from '../../harness/checkout.ts';
import { MESSAGE_FLAGS, oneOf, readFlags, readMessageOptions, within } from './flags.ts';

const read = (...args: string[]) => readMessageOptions(readFlags(args, MESSAGE_FLAGS));

test('this checkout is measured, with a webhook for all events, unless something else is said', () => {
  expect(read('--')).toMatchObject({ checkout: ownCheckout, json: undefined, webhook: 'all', statements: false });
});

test('an unknown webhook is refused by name', () => {
  expect(() => read('--webhook', 'some')).toThrow('--webhook is some; it must be one of none, inbound, all');
});

test('a flag that does not exist is refused', () => {
  expect(() => read('--webhooks', 'all')).toThrow('--webhooks');
});

test('a folder that is no built checkout is refused, and what is missing is named', () => {
  expect(() => read('--checkout', '/nowhere')).toThrow('/nowhere/ is no built checkout: there is no apps/gateway');
});

test('numbers have to be whole and within their bounds', () => {
  expect(within('rounds', '5', 1, 10)).toBe(5);
  for (const text of ['0', '11', '1.5', 'x', '', ' ']) {
    expect(() => within('rounds', text, 1, 10)).toThrow('--rounds is');
  }
});

test('words have to be one of those given', () => {
  expect(oneOf('flow', 'send', ['send', 'receive'])).toBe('send');
  expect(() => oneOf('flow', '', ['send'])).toThrow('--flow is empty; it must be one of send');
});
