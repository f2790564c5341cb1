import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { DEFAULT_KIND, KIND_NAMES, type KindName, oneOf } from '@wa-gate/contracts';
import { lazily } from '@wa-gate/kit';
import type { FastifySchemaCompiler } from 'fastify';
import { type TObject, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { invalidRequest } from '../../plugins/validation-issues.ts';
import { isKind } from './send-request.ts';

/** Validates a request by the schema of the kind that it names. */
export function validatorOfKinds(requests: Readonly<Record<KindName, TObject>>) {
  const byKind = new Map(KIND_NAMES.map((name) => [name, validatorOf(requests[name], name)]));
  return (body: unknown) => {
    const type = (body as { type?: unknown } | null | undefined)?.type;
    return byKind.get(isKind(type) ? type : DEFAULT_KIND)!(body);
  };
}

/**
 * The validators of a route that sends. The schema of the kind that the body names validates it, so that an error names
 * fields of the kind and not of a union.
 */
export function sendValidator(requests: Readonly<Record<KindName, TObject>>): FastifySchemaCompiler<TSchema> {
  const validate = validatorOfKinds(requests);
  return (route) => (route.httpPart === 'body' ? validate : TypeBoxValidatorCompiler(route));
}

function validatorOf(request: TObject, name: KindName) {
  // A body without a kind, or with one that is no text, is validated here: the error names all kinds.
  const schema =
    name === DEFAULT_KIND
      ? Type.Object({ ...request.properties, type: Type.Optional(oneOf(KIND_NAMES)) }, { additionalProperties: false })
      : request;
  const validator = lazily((): Validator => Compile(schema));
  return (body: unknown) =>
    validator().Check(body) ? { value: body } : { error: invalidRequest(validator().Errors(body), 'body', schema) };
}
