import { describe, expect, it } from 'vitest';
import { describeCodes, nameComponents } from './components.ts';

const Person = { type: 'object', properties: { name: { type: 'string' }, kind: { const: 'person' } } };
const Team = { type: 'object', properties: { members: { type: 'array', items: Person } } };
/** As the document shows `Person`. */
const shownPerson = { properties: { kind: { enum: ['person'] }, name: { type: 'string' } }, type: 'object' };

const named = (schema: object, responses: object = {}) =>
  nameComponents(
    {
      paths: { '/a': { get: { responses: { 200: { content: { 'application/json': { schema } } }, ...responses } } } },
      components: {},
    },
    { schemas: { Person, Team }, usualCodes: ['FORBIDDEN'] },
    // biome-ignore lint/suspicious/noExplicitAny: a document of many shapes
  ) as any;
const schemaIn = (document: ReturnType<typeof named>) =>
  document.paths['/a'].get.responses[200].content['application/json'].schema;

describe('schemas with a name', () => {
  it('stand once in the document, also inside of others, whatever the order of their members', () => {
    const document = named({ type: 'object', properties: { team: Team, first: shownPerson } });
    expect(schemaIn(document).properties).toEqual({
      team: { $ref: '#/components/schemas/Team' },
      first: { $ref: '#/components/schemas/Person' },
    });
    expect(document.components.schemas.Team.properties.members.items).toEqual({ $ref: '#/components/schemas/Person' });
  });

  it('may be null', () => {
    const nullable = { ...shownPerson, type: ['object', 'null'] };
    expect(schemaIn(named(nullable))).toEqual({ anyOf: [{ $ref: '#/components/schemas/Person' }, { type: 'null' }] });
  });

  it('stay away when nothing uses them', () => {
    expect(named({ type: 'string' }).components.schemas).toEqual({});
  });
});

describe('refusals', () => {
  const refusal = (...codes: Parameters<typeof describeCodes>[0]) => ({ description: describeCodes(codes) });
  const responsesOf = (responses: object) => {
    const document = named({ type: 'string' }, responses);
    const { 200: _, ...shown } = document.paths['/a'].get.responses;
    return { shown, shared: document.components.responses };
  };

  it('are called by their codes, and by their status where every route may have it', () => {
    const { shown, shared } = responsesOf({
      403: refusal('FORBIDDEN'),
      404: refusal('SESSION_NOT_FOUND'),
      409: refusal('SESSION_EXISTS', 'EMAIL_TAKEN'),
    });
    expect(shown).toEqual({
      403: { $ref: '#/components/responses/Forbidden' },
      404: { $ref: '#/components/responses/SessionNotFound' },
      409: { $ref: '#/components/responses/SessionExistsOrEmailTaken' },
    });
    expect(shared.SessionNotFound).toEqual(refusal('SESSION_NOT_FOUND'));
  });

  it('stay where they are when they name no code', () => {
    const described = { description: 'Not ready.' };
    expect(responsesOf({ 503: described }).shown).toEqual({ 503: described });
  });

  it('are an error when two different ones would have one name', () => {
    const other = { ...refusal('SESSION_NOT_FOUND'), headers: {} };
    expect(() => responsesOf({ 404: refusal('SESSION_NOT_FOUND'), 410: other })).toThrow('SessionNotFound');
  });
});
