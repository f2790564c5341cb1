import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { lazily } from '@wa-gate/kit';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

type BuildSerializer = ReturnType<typeof SerializerSelector>;
type Serialize = ReturnType<ReturnType<BuildSerializer>>;

/**
 * When the schemas of a route are compiled. A wrong schema shows itself only then: whatever checks the routes compiles
 * `at start`, which takes half a second that a process need not spend before it answers.
 */
export type SchemaCompilation = 'at first use' | 'at start';

/** By the schemas that may be referred to, then by the schema of the response as JSON. */
const compiled = new Map<string, Map<string, Serialize>>();
/** Equal schemas have one number. */
const numbers = new Map<string, number>();
const numbered = new WeakMap<object, number>();

/**
 * Fastify's own compiler of responses, which compiles equal schemas once in a process. Each route answers with the same
 * refusals: without this, a thousand equal serializers are compiled.
 */
export function serializerBuilder(when: SchemaCompilation): BuildSerializer {
  const buildSerializer = SerializerSelector();
  // Fastify calls this for each route, with the same referable schemas in another object.
  return (referable, options) => {
    const known = lazily(() => {
      const context = Object.values(referable ?? {})
        .map(numberOf)
        .join();
      const ofContext = compiled.get(context) ?? new Map<string, Serialize>();
      compiled.set(context, ofContext);
      return { ofContext, compile: buildSerializer(referable, options) };
    });
    return (route) => {
      const serializer = lazily(() => {
        const { ofContext, compile } = known();
        const schema = JSON.stringify(route.schema);
        const serialize = ofContext.get(schema) ?? compile(route);
        ofContext.set(schema, serialize);
        return serialize;
      });
      return when === 'at start' ? serializer() : (data) => serializer()(data);
    };
  };
}

type Check = ReturnType<FastifySchemaCompiler<TSchema>>;

/** By the schema, which many routes share, and the part of a request. Gateways of one process share them too. */
const checks = new WeakMap<TSchema, Map<string | undefined, Check>>();

/** The compiler of what requests hold. */
export function validatorCompiler(when: SchemaCompilation): FastifySchemaCompiler<TSchema> {
  if (when === 'at start') return TypeBoxValidatorCompiler;
  return (route) => {
    const { schema, httpPart } = route;
    const check = lazily(() => {
      const ofSchema = checks.get(schema) ?? new Map<string | undefined, Check>();
      checks.set(schema, ofSchema);
      const known = ofSchema.get(httpPart) ?? TypeBoxValidatorCompiler(route);
      ofSchema.set(httpPart, known);
      return known;
    });
    return (data) => check()(data) as ReturnType<Check>;
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
