import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { Format } from 'typebox/format';

/** PostgreSQL has no year 0. */
const YEAR_ZERO = /^0000/;
/**
 * A time with an offset that `Date` and PostgreSQL read. TypeBox's own format takes leap seconds, and the name of a
 * zone behind the offset, too.
 */
Format.Set('date-time', (text) => Format.IsDateTime(text) && !Number.isNaN(Date.parse(text)) && !YEAR_ZERO.test(text));

/** A string of a fixed list. One `enum` keyword keeps the compiled serialiser a plain string writer. */
export const oneOf = <const Values extends readonly string[]>(values: Values, description?: string) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], ...(description ? { description } : {}) });

/** The same schema, or null. A `type` list, because the serialiser would have to try the branches of `anyOf`. */
export const nullable = <T extends TSchema>(schema: T) => {
  const { type, enum: values } = schema as { type?: string; enum?: readonly unknown[] };
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [type, 'null'], ...(values && { enum: [...values, null] }) });
};

/** A point in time, ISO 8601 in UTC. */
export const timestamp = (description?: string) =>
  Type.String({ format: 'date-time', ...(description ? { description } : {}), examples: ['2026-01-15T10:30:00.000Z'] });

/** An object with any members. */
export const anyObject = (options: Record<string, unknown> = {}) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, ...options });

/** A request body. Unknown fields are refused, so that a typo is an error. */
export const requestBody = <T extends TProperties>(
  properties: T,
  example?: Record<string, unknown>,
  description?: string,
) =>
  Type.Object(properties, {
    additionalProperties: false,
    ...(description !== undefined && { description }),
    ...(example && { examples: [example] }),
  });

/** The pattern of texts that are not blank: WhatsApp shows blanks as an empty message, or not at all. */
export const NOT_BLANK = '\\S';

/** The envelope of every successful answer (docs/api.md). */
export const success = <T extends TSchema>(data: T) =>
  Type.Object(
    {
      success: Type.Literal(true),
      status: Type.Literal('success'),
      data,
      message: Type.Optional(Type.String({ description: 'A sentence for people.' })),
    },
    { description: 'Success.' },
  );

/**
 * One line of text: no control characters, and no half of a surrogate pair (from a cut emoji), which PostgreSQL cannot
 * store.
 */
export const line = (options: { minLength?: number; maxLength: number } & Record<string, unknown>) =>
  Type.String({ pattern: '^[^\\u0000-\\u001f\\ud800-\\udfff]*$', ...options });
