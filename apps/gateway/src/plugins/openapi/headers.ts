/** The response headers in the API description; the schemas of the routes do not contain them. */

interface Response {
  headers?: Record<string, unknown>;
}
interface Operation {
  parameters?: { name: string }[];
  responses?: Record<string, Response>;
}
interface Document {
  paths?: Record<string, Record<string, Operation>>;
  components?: { headers?: Record<string, unknown> };
}

const header = (type: 'integer' | 'string', description: string, example: number | string) => ({
  description,
  schema: { type },
  example,
});

const LIMITS = {
  'RateLimit-Limit': header('integer', 'What the limit that is closest to its end allows in its window.', 50),
  'RateLimit-Remaining': header('integer', 'What is left of it.', 49),
  'RateLimit-Reset': header('integer', 'Seconds until its window ends.', 900),
  'RateLimit-Policy': header(
    'string',
    'Which limit it is, and its window in seconds.',
    '50;w=900;name="messages_send"',
  ),
};
const RETRY_AFTER = { 'Retry-After': header('integer', 'Seconds after which to try again.', 30) };

const REPLAYED = {
  'Idempotent-Replayed': header(
    'string',
    '`true`: this is the answer to an earlier request with the same key.',
    'true',
  ),
};

const references = (headers: object): Record<string, unknown> =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, { $ref: `#/components/headers/${name}` }]));

function headersOf(status: string, takesKey: boolean): Record<string, unknown> | undefined {
  if (status.startsWith('2')) return references(takesKey ? { ...LIMITS, ...REPLAYED } : LIMITS);
  if (status === '429') return references({ ...LIMITS, ...RETRY_AFTER });
  return status === '503' ? references(RETRY_AFTER) : undefined;
}

/** Names the headers on the answers of every operation that is limited. */
export function describeHeaders<Description extends object>(description: Description): Description {
  const { paths = {}, components } = description as Document;
  for (const { parameters = [], responses = {} } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    if (!('429' in responses)) continue;
    const takesKey = parameters.some(({ name }) => name.toLowerCase() === 'idempotency-key');
    for (const [status, response] of Object.entries(responses)) {
      const headers = headersOf(status, takesKey);
      if (headers) response.headers = headers;
    }
  }
  return { ...description, components: { ...components, headers: { ...LIMITS, ...RETRY_AFTER, ...REPLAYED } } };
}
