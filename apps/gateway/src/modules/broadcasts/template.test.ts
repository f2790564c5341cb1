import type { OutboundRequest } from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';
import { render, variableName, variablesOf } from './template.ts';

const text = (words: string): OutboundRequest => ({ type: 'text', text: words });
const said = (words: string, values: Record<string, string> = {}) => {
  const { request, missing } = render(text(words), values);
  return [(request as { text: string }).text, missing];
};

describe('variables in messages (MR-041)', () => {
  it.each([
    ['Hello {{name}}', { name: 'Ann' }, 'Hello Ann', []],
    ['Hello {{ name | friend }}', {}, 'Hello friend', []],
    ['Hello {{name|friend}}', { name: '  ' }, 'Hello friend', []],
    ['Hello {{name|}}!', {}, 'Hello !', []],
    ['Hello {{name}}, {{order}}', {}, 'Hello , ', ['name', 'order']],
    ['{{First Name}} {{first_name}} {{FIRST-NAME}}', { first_name: 'Ann' }, 'Ann Ann Ann', []],
    ['{{name}}', { name: '{{order}} $& $1' }, '{{order}} $& $1', []],
    ['{name} {{}} {{ }} {{a|b|c}}', {}, '{name} {{}} {{ }} b|c', []],
    ['{{constructor}}', {}, '', ['constructor']],
  ])('%s with %j', (template, values, expected, missing) => {
    expect(said(template, values as Record<string, string>)).toEqual([expected, missing]);
  });

  it('stand in every text of a message, and in nothing that is about its file', () => {
    const media = { mediaId: '{{name}}', storageKey: 'k', sha256: '', size: 1, mimetype: 'image/png' };
    const image = { type: 'image', media, caption: 'For {{name}}' } as unknown as OutboundRequest;
    const poll = {
      type: 'poll',
      name: 'Tea, {{name}}?',
      options: ['Yes', 'No, {{reason|thanks}}'],
    } as unknown as OutboundRequest;
    expect(variablesOf([image, poll])).toEqual(['name', 'reason']);
    expect(render(image, { name: 'Ann' }).request).toEqual({ type: 'image', media, caption: 'For Ann' });
    expect(render(poll, { name: 'Ann' }).request).toMatchObject({ name: 'Tea, Ann?', options: ['Yes', 'No, thanks'] });
  });

  it('a message that says nothing, or too much, is told before it is sent', () => {
    expect(render(text('{{name|}}'), {}).refusal).toContain('empty');
    expect(render(text('{{a}}{{a}}'), { a: 'x'.repeat(40_000) }).refusal).toContain('longer');
    expect(render(text('{{name}}'), { name: 'Ann' }).refusal).toBeUndefined();
  });

  it('names are compared without case, blanks and dashes', () => {
    expect(['First name', 'FIRST_NAME', ' first-name '].map(variableName)).toEqual(Array(3).fill('first_name'));
  });
});
