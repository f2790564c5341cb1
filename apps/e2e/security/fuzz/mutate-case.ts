import type { Prng } from '../../chaos/prng.ts';
import type { FuzzCase } from './cases.ts';
import { mutateJson } from './mutate-json.ts';
import { BROKEN_BODIES, CONTENT_TYPES, NASTY_HEADERS, NASTY_STRINGS } from './nasty.ts';

type Mutation = (planned: FuzzCase, prng: Prng) => FuzzCase;

/** Bytes. Above the limit of every route. */
const HUGE_BODY = 1_200_000;
/** One request in so many has a huge body. More would make the run a test of copying. */
const HUGE_ONE_IN = 200;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const BODY_MUTATIONS: Mutation[] = [mutateBody, mutateBody, mutateBody, breakBody, changeContentType];
const OTHER_MUTATIONS: Mutation[] = [mutateQuery, addHeader, changeMethod];

/** Applies one to three mutations to a request. */
export function mutateCase(planned: FuzzCase, prng: Prng): FuzzCase {
  const possible = [
    ...(planned.body === undefined ? [giveBody] : BODY_MUTATIONS),
    ...(Object.keys(planned.path).length > 0 ? [mutatePath, mutatePath] : []),
    ...OTHER_MUTATIONS,
  ];
  let mutated = planned;
  for (let times = prng.between(1, 3); times > 0; times--) mutated = prng.pick(possible)(mutated, prng);
  return mutated;
}

/** A URL has no lone surrogates, and no server accepts one of 70 000 characters. */
const inUrl = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\ufffd').slice(0, 4_000);

const noted = (planned: FuzzCase, what: string, change: Partial<FuzzCase>): FuzzCase => ({
  ...planned,
  ...change,
  mutations: [...planned.mutations, what],
});

function mutateBody(planned: FuzzCase, prng: Prng): FuzzCase {
  // A mutation of a broken body would change nothing.
  if (planned.body === undefined || planned.mutations.length > 0) return breakBody(planned, prng);
  const { value, what } = mutateJson(JSON.parse(planned.body), prng);
  return noted(planned, what, { body: JSON.stringify(value) });
}

function breakBody(planned: FuzzCase, prng: Prng): FuzzCase {
  if (prng.between(1, HUGE_ONE_IN) === 1) {
    return noted(planned, 'huge body', { body: `{"a":"${'x'.repeat(HUGE_BODY)}"}` });
  }
  const body = prng.pick(BROKEN_BODIES);
  return noted(planned, `body ${body.slice(0, 20)}`, { body });
}

function giveBody(planned: FuzzCase, prng: Prng): FuzzCase {
  const body = prng.pick([...BROKEN_BODIES, '{}']);
  const contentType = prng.pick(['application/json', ...CONTENT_TYPES]);
  return noted(planned, `body ${body.slice(0, 20)} of type ${contentType}`, { body, contentType });
}

function changeContentType(planned: FuzzCase, prng: Prng): FuzzCase {
  const contentType = prng.pick(CONTENT_TYPES);
  return noted(planned, `content type ${contentType}`, { contentType });
}

function mutatePath(planned: FuzzCase, prng: Prng): FuzzCase {
  const name = prng.pick(Object.keys(planned.path));
  const value = inUrl(prng.pick(NASTY_STRINGS));
  return noted(planned, `path ${name} is ${JSON.stringify(value.slice(0, 20))}`, {
    path: { ...planned.path, [name]: value },
    wrongPath: [...planned.wrongPath, name],
  });
}

function mutateQuery(planned: FuzzCase, prng: Prng): FuzzCase {
  const declared = planned.operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const name = prng.pick([
    ...declared,
    ...declared,
    ...declared,
    '__proto__',
    'constructor',
    'apiKey',
    'a[b]',
    'nonsense',
    '',
  ]);
  const value = inUrl(prng.pick(NASTY_STRINGS));
  const others = prng.next() < 0.5 ? planned.query : planned.query.filter(([known]) => known !== name);
  return noted(planned, `query ${name} is ${JSON.stringify(value.slice(0, 20))}`, {
    query: [...others, [name, value]],
  });
}

function addHeader(planned: FuzzCase, prng: Prng): FuzzCase {
  const [name, value] = prng.pick(NASTY_HEADERS);
  return noted(planned, `header ${name}: ${value.slice(0, 30)}`, { headers: { ...planned.headers, [name]: value } });
}

function changeMethod(planned: FuzzCase, prng: Prng): FuzzCase {
  const method = prng.pick(METHODS);
  return method === planned.method ? planned : noted(planned, `method ${method}`, { method });
}
