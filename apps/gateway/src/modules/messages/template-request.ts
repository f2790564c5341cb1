import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import {
  DEFAULT_KIND,
  KIND_NAMES,
  type KindName,
  kindOf,
  MESSAGE_TEMPLATES,
  type MessageTemplate,
  type OutboundRequest,
  type SendRequest,
} from '@wa-gate/contracts';
import { lazily } from '@wa-gate/kit';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ApiError } from '../../http/api-error.ts';
import { invalidRequest } from '../../plugins/validation-issues.ts';
import { type FilesOfCall, INTAKE_ERRORS, type MessageFiles, type TakenFiles } from '../media/index.ts';
import { isKind, outboundOf, refuseUnsupportedType } from './send-request.ts';

/** What may be wrong with a template. */
export const TEMPLATE_ERRORS = [
  ...INTAKE_ERRORS,
  'MESSAGE_TYPE_UNSUPPORTED',
  'ENGINE_UNSUPPORTED',
  'MEDIA_NOT_FOUND',
  'MEDIA_NOT_READY',
  'MEDIA_EXPIRED',
  'MEDIA_TOOL_MISSING',
] as const;

/** Reads what messages say that are sent later, to many or by themselves. Their files are taken in once. */
export interface Templates {
  /**
   * @param field the name in the request, for errors
   * @throws {ApiError} that says what is wrong with it
   */
  take(
    workspaceId: string,
    given: string | MessageTemplate,
    files: FilesOfCall,
    field: string,
  ): Promise<TakenFiles<OutboundRequest>>;
}

const VALIDATORS = new Map<KindName, () => Validator>(
  KIND_NAMES.map((name) => [name, lazily((): Validator => Compile(MESSAGE_TEMPLATES[name]))]),
);

export function createTemplates({ files }: { files: MessageFiles }): Templates {
  return {
    async take(workspaceId, given, call, field) {
      const template = typeof given === 'string' ? { type: DEFAULT_KIND, text: given } : given;
      return await files.take({ workspaceId, id: null }, readTemplate(template, field), { ...call, messageId: null });
    },
  };
}

/** @throws {ApiError} VALIDATION, MESSAGE_TYPE_UNSUPPORTED */
export function readTemplate(template: MessageTemplate, field: string): OutboundRequest {
  refuseUnsupportedType(template);
  const kind = isKind(template.type) ? template.type : DEFAULT_KIND;
  const validator = VALIDATORS.get(kind)!();
  if (!validator.Check(template))
    throw invalidRequest(validator.Errors(template), `body.${field}`, MESSAGE_TEMPLATES[kind]);
  if (kindOf(kind).isPersonal)
    throw new ApiError('VALIDATION', {
      message: `\`${field}\`: a message of type \`${kind}\` is for the person whom it names. Send it to that person, by POST /api/sessions/{id}/send.`,
    });
  try {
    return outboundOf(template as SendRequest);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'VALIDATION') throw error;
    throw new ApiError('VALIDATION', { message: `\`${field}\`: ${error.message}` });
  }
}

/** A copy in which contents of messages are any objects: {@link readTemplate} judges them, and names their fields. */
function loosened(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(loosened);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('discriminator' in schema) return { type: 'object' };
  // Symbols are TypeBox's own marks, such as that of optional members.
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, loosened(value)]));
  return Object.defineProperties(copy, hiddenOf(schema));
}

const hiddenOf = (schema: object): PropertyDescriptorMap =>
  Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(schema)).filter(([, { enumerable }]) => enumerable === false),
  );

/** The validators of routes whose bodies hold contents of messages. */
export const templateValidator: FastifySchemaCompiler<TSchema> = (route) =>
  TypeBoxValidatorCompiler(route.httpPart === 'body' ? { ...route, schema: loosened(route.schema) as TSchema } : route);
