import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { ApiDocument, Operation, Schema } from './document.ts';

/** The parts of an answer that are checked. */
export interface JudgedAnswer {
  status: number;
  contentType: string | undefined;
  /** The parsed JSON, if it is JSON. */
  body: unknown;
}

const PROBLEM = 'application/problem+json';

/** Checks answers against the document. */
export class AnswerJudge {
  private readonly ajv: Ajv2020;
  private readonly validators = new Map<Schema, ValidateFunction>();
  private readonly error: Schema;

  constructor(document: ApiDocument) {
    // Formats about bytes are accepted, because they cannot be checked on text.
    this.ajv = new Ajv2020({ strict: false, allErrors: false, formats: { binary: true, byte: true, password: true } });
    formats.default(this.ajv);
    // A domain of one label is a mail domain too (RFC 5321); the strict form of this library wants a dot.
    formats.default(this.ajv, { mode: 'fast', formats: ['email'] });
    this.error = document.error;
  }

  /** The problem of the answer; null when it is as declared. */
  problemOf(operation: Operation, answer: JudgedAnswer): string | null {
    const content = operation.answers.get(String(answer.status));
    if (!content) return `status ${answer.status} is not declared (${[...operation.answers.keys()].join(', ')})`;
    const type = answer.contentType?.split(';', 1)[0]?.trim().toLowerCase();
    if (answer.status >= 400 && type === PROBLEM) return null;
    // A file has the type that it has.
    if (content.size === 0 || (type !== undefined && content.has('*/*'))) return null;
    if (type === undefined || !content.has(type)) {
      return `content type ${type} is not declared for ${answer.status} (${[...content.keys()].join(', ')})`;
    }
    const schema = content.get(type);
    return schema && type === 'application/json' ? this.mismatch(schema, answer.body) : null;
  }

  /** The problem of a refusal without a declared route. */
  problemOfRefusal({ contentType, body }: JudgedAnswer): string | null {
    return contentType?.startsWith(PROBLEM) ? null : this.mismatch(this.error, body);
  }

  private mismatch(schema: Schema, body: unknown): string | null {
    let validate = this.validators.get(schema);
    if (!validate) {
      validate = this.ajv.compile(schema);
      this.validators.set(schema, validate);
    }
    if (validate(body)) return null;
    return `the body does not fit its schema: ${this.ajv.errorsText(validate.errors, { dataVar: 'body' })}`;
  }
}
