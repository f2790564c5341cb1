import { type Static, Type } from 'typebox';

const clock = (description: string) =>
  Type.String({ pattern: '^(?:[01]\\d|2[0-3]):[0-5]\\d$', description, examples: ['08:00'] });

/** Hours of the week, by the clock of a zone. */
export const weeklyHours = (description: string) =>
  Type.Object(
    {
      from: clock('The first minute.'),
      to: clock('The end, exclusive. Before `from`: on the next day.'),
      days: Type.Optional(
        Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
          minItems: 1,
          maxItems: 7,
          uniqueItems: true,
          description: '1 is Monday. Default: every day. A night belongs to the day on which it begins.',
        }),
      ),
      zone: Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_+/-]+$', examples: ['Asia/Jakarta'] }),
    },
    { additionalProperties: false, description },
  );
export type WeeklyHours = Static<ReturnType<typeof weeklyHours>>;
