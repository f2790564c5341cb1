import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect, it } from 'vitest';
import { OPERATION_NAMES, operationOf } from '../index.ts';

// Gateways and workers compile these when an operation is called for the first time: a wrong one must be found before.
it.each(OPERATION_NAMES)('%s: the schemas of input and answer compile', (name) => {
  const { input, answer, examples } = operationOf(name);
  expect(() => Compile(answer as TSchema)).not.toThrow();
  const validator = Compile(Type.Object(input));
  for (const example of examples) expect([...validator.Errors(example)]).toEqual([]);
});
