import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { SandboxError } from '../../errors.ts';
import type { ServerContext } from '../../server/context.ts';
import { SPAM_ASSUMPTIONS, SpamDetector } from '../../spam/detector.ts';
import { NumberParams, Refusal } from '../schemas.ts';

const tags = ['spam detector'];
const Assumptions = Type.Object(
  Object.fromEntries(Object.keys(SPAM_ASSUMPTIONS).map((name) => [name, Type.Optional(Type.Number())])),
  { additionalProperties: false, description: 'Of the model: what differs from src/spam/detector.ts' },
);
const Switched = Type.Object({ on: Type.Boolean() });
const Report = Type.Object({
  suspicion: Type.Number(),
  strangers: Type.Integer(),
  strikes: Type.Integer(),
  heldUntil: Type.Unsafe<number | null>({ type: ['number', 'null'] }),
  isBanned: Type.Boolean(),
});

/** The spam detector: off until it is switched on. */
export const spamRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  app.post(
    '/spam-detector',
    {
      schema: {
        tags,
        summary: 'Switch the spam detector on or off; on begins anew, with nothing known',
        body: Type.Object(
          { on: Type.Boolean(), assumptions: Type.Optional(Assumptions) },
          { additionalProperties: false },
        ),
        response: { 200: Switched, 400: Refusal },
      },
    },
    async ({ body: { on, assumptions = {} } }) => {
      context.spam.detector = on ? new SpamDetector({ now: Date.now, assumptions }) : null;
      return { on };
    },
  );

  app.get(
    '/spam-detector/:number',
    {
      schema: {
        tags,
        summary: 'What the spam detector holds against an account',
        params: NumberParams,
        response: { 200: Report, 404: Refusal, 409: Refusal },
      },
    },
    async ({ params: { number } }) => ({ ...detector().report(context.directory.get(number).number) }),
  );

  function detector(): SpamDetector {
    if (context.spam.detector) return context.spam.detector;
    throw new SandboxError(
      409,
      'SPAM_DETECTOR_OFF',
      'The spam detector is off: POST /spam-detector {"on":true} first.',
    );
  }
};
