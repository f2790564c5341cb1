import { Type } from 'typebox';
import { line } from '../schema.ts';

/** A person as the worker gets it: by number or by LID. */
export const personJid = Type.String({ pattern: '^\\d{5,20}@(s\\.whatsapp\\.net|lid)$' });

/** A person as a caller names it. */
export const personText = line({
  minLength: 5,
  maxLength: 128,
  description: 'A phone number, a LID, a jid, or the id of a contact.',
  examples: ['+6281234567890'],
});

/** The query of an operation that reads something of a person. */
export const personQuery = Type.Object({ contact: personText });

/** The body of an operation that names a person and nothing else. */
export const personBody = Type.Object(
  { contact: personText },
  { additionalProperties: false, examples: [{ contact: '+6281234567890' }] },
);

/** Of the examples: the account that tests replace by one of theirs. */
export const EXAMPLE_JID = '6281234567890@s.whatsapp.net';
