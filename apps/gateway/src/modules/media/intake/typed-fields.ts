import { ApiError } from '../../../http/api-error.ts';

interface Schema {
  type?: string | readonly string[];
  properties?: Record<string, Schema>;
}

/**
 * The fields of a form as the JSON that they stand for, by the schema of the body: `true` for a flag, digits for a
 * number, JSON for lists and objects. What does not fit stays text, and the schema refuses it in its own words. A field
 * without a schema stays text.
 *
 * @throws {ApiError} VALIDATION for lists and objects that are no JSON
 */
export function typedFields(fields: ReadonlyMap<string, string>, schema: Schema): Record<string, unknown> {
  return Object.fromEntries([...fields].map(([name, text]) => [name, typed(name, text, schema.properties?.[name])]));
}

function typed(name: string, text: string, schema: Schema | undefined): unknown {
  const types = [schema?.type ?? 'string'].flat();
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  const isNumber = types.includes('number') || types.includes('integer');
  if (isNumber && !types.includes('string') && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (!types.includes('array') && !types.includes('object')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError('VALIDATION', {
      message: `The request is not valid: the field \`${name}\` holds a list or an object. Write it as JSON.`,
    });
  }
}
