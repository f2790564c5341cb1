import { Type } from 'typebox';
import { event } from './event.ts';

/** What the engine itself emits, for who needs what the other events do not tell. */
export const ENGINE_EVENTS = {
  'engine.event': event({
    summary: 'Baileys has emitted an event. Only for sessions with the setting `engineEvents`.',
    data: Type.Object({
      name: Type.String({ description: 'The event, as Baileys calls it.', examples: ['messages.upsert'] }),
      body: Type.Unsafe<unknown>({
        description:
          'As Baileys emits it, without bytes, keys and secrets. null: it is too large. Other versions of wa-gate may bring another shape.',
      }),
    }),
    example: {
      name: 'messages.upsert',
      body: {
        type: 'notify',
        messages: [{ key: { remoteJid: '15551234567@s.whatsapp.net', id: '3EB0868FE98849480AD910' } }],
      },
    },
    keep: 'stream',
  }),
};
