import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { DEFAULT_KIND, KIND_NAMES, type KindName, oneOf } from '@wa-gate/contracts';
import type { FastifySchemaCompiler } from 'fastify';
import { type TObject, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { invalidRequest } from '../../plugins/validation-issues.ts';
import { isKind } from './send-request.ts';

/**
 * The validators of a route that sends: the schema of the kind that the body names judges it, so that an error speaks
 * of the fields of this kind. A choice of schemas would report what is wrong for every kind.
 */
export function sendValidator(requests: Readonly<Record<KindName, TObject>>): FastifySchemaCompiler<TSchema> {
  const byKind = new Map(KIND_NAMES.map((name) => [name, judgeOf(requests[name], name)]));
  const judge = (body: unknown) => {
    const type = (body as { type?: unknown } | null | undefined)?.type;
    return byKind.get(isKind(type) ? type : DEFAULT_KIND)!(body);
  };
  return (route) => (route.httpPart === 'body' ? judge : TypeBoxValidatorCompiler(route));
}

function judgeOf(request: TObject, name: KindName) {
  // A body with no kind, or with one that is no word, comes here too: it is told all kinds.
  const schema =
    name === DEFAULT_KIND
      ? Type.Object({ ...request.properties, type: Type.Optional(oneOf(KIND_NAMES)) }, { additionalProperties: false })
      : request;
  const validator: Validator = Compile(schema);
  return (body: unknown) =>
    validator.Check(body) ? { value: body } : { error: invalidRequest(validator.Errors(body), 'body', schema) };
}
