import SerializerSelector from '@fastify/fast-json-stringify-compiler';

type BuildSerializer = ReturnType<typeof SerializerSelector>;
type Serialize = ReturnType<ReturnType<BuildSerializer>>;

/** By the schemas that may be referred to, then by the schema of the response as JSON. */
const compiled = new Map<string, Map<string, Serialize>>();
/** Equal schemas have one number. */
const numbers = new Map<string, number>();
const numbered = new WeakMap<object, number>();

/**
 * Fastify's own compiler of responses, which compiles equal schemas once in a process. Each route answers with the same
 * refusals: without this, a thousand equal serializers are compiled at the start of a gateway.
 */
export function sharedSerializers(): BuildSerializer {
  const buildSerializer = SerializerSelector();
  // Fastify calls this for each route, with the same referable schemas in another object.
  return (referable, options) => {
    const compile = buildSerializer(referable, options);
    const context = Object.values(referable ?? {})
      .map(numberOf)
      .join();
    const known = compiled.get(context) ?? new Map<string, Serialize>();
    compiled.set(context, known);
    return (route) => {
      const schema = JSON.stringify(route.schema);
      const serialize = known.get(schema) ?? compile(route);
      known.set(schema, serialize);
      return serialize;
    };
  };
}

function numberOf(schema: object): number {
  const known = numbered.get(schema);
  if (known !== undefined) return known;
  const json = JSON.stringify(schema);
  const number = numbers.get(json) ?? numbers.size;
  numbers.set(json, number);
  numbered.set(schema, number);
  return number;
}
