import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { WEBHOOK_TYPES, type WebhookType } from '@wa-gate/contracts';
import { lazily } from '@wa-gate/kit';
import type { FastifySchemaCompiler } from 'fastify';
import type { TObject, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { invalidRequest } from '../../plugins/validation-issues.ts';

const isType = (type: unknown): type is WebhookType => (WEBHOOK_TYPES as readonly unknown[]).includes(type);

/**
 * The validator of a route that makes a webhook. The schema of the type that the body names validates it, so that an
 * error names fields of that type and not of a union. A body without a type is for a URL.
 */
export function creationValidator(requests: Readonly<Record<WebhookType, TObject>>): FastifySchemaCompiler<TSchema> {
  const byType = new Map(WEBHOOK_TYPES.map((type) => [type, lazily((): Validator => Compile(requests[type]))]));
  const validate = (body: unknown) => {
    const type = (body as { type?: unknown } | null | undefined)?.type;
    const known = isType(type) ? type : 'http';
    const validator = byType.get(known)!();
    return validator.Check(body)
      ? { value: body }
      : { error: invalidRequest(validator.Errors(body), 'body', requests[known]) };
  };
  return (route) => (route.httpPart === 'body' ? validate : TypeBoxValidatorCompiler(route));
}
