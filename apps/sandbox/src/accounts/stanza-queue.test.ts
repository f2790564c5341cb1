import { describe, expect, test } from 'vitest';
import { MemoryJournal } from '../store/journal.ts';
import { node } from '../wire/node.ts';
import { acknowledgedName, messageName, StanzaQueue } from './stanza-queue.ts';

const queue = () => new StanzaQueue(new MemoryJournal(), 'queue/1/1/');
const receipt = (type?: string) => node('receipt', { id: 'R', from: 'x', type });

describe('what a companion has not acknowledged', () => {
  test('stays in order; a resend of a message takes the place of the original', () => {
    const waiting = queue();
    waiting.push(node('message', { id: 'A', from: 'x' }));
    waiting.push(node('message', { id: 'B', from: 'x' }));
    waiting.push(node('message', { id: 'A', from: 'x', t: '2' }));
    expect(waiting.values().map(({ node: { attrs } }) => attrs.id)).toEqual(['B', 'A']);
    expect(waiting.remove(messageName('A'))).toBe(true);
    expect(waiting.remove(messageName('A'))).toBe(false);
  });

  test('delivered and read receipts of one message are acknowledged apart', () => {
    const waiting = queue();
    waiting.push(receipt());
    waiting.push(receipt('read'));
    waiting.remove(acknowledgedName({ class: 'receipt', id: 'R', to: 'x' }));
    expect(waiting.values().map(({ node: { attrs } }) => attrs.type)).toEqual(['read']);
    waiting.remove(acknowledgedName({ class: 'receipt', id: 'R', to: 'x', type: 'read' }));
    expect(waiting.size).toBe(0);
  });

  test('notifications and calls are acknowledged by class and id, nacked messages by id', () => {
    const waiting = queue();
    waiting.push(node('notification', { id: 'N', type: 'devices' }));
    waiting.push(node('call', { id: 'C' }));
    waiting.push(node('message', { id: 'M', type: 'text' }));
    waiting.remove(acknowledgedName({ class: 'notification', id: 'N', type: 'devices' }));
    waiting.remove(acknowledgedName({ class: 'call', id: 'C' }));
    waiting.remove(acknowledgedName({ class: 'message', id: 'M', type: 'text', error: '487' }));
    expect(waiting.size).toBe(0);
  });
});
