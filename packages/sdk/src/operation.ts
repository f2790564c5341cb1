import type { OPERATIONS } from './generated/operations.ts';
import type { components, operations } from './generated/schema.ts';

/** Every named schema of the API: `Schemas['Session']`. */
export type Schemas = components['schemas'];

/** How an operation is called over HTTP. */
export interface OperationEntry {
  method: string;
  path: string;
  /** The content type of the body. @default 'application/json' */
  type?: string;
  /** An `Idempotency-Key` makes it safe to repeat. */
  takesKey?: true;
  /** @default 'data': the `data` of the envelope */
  answer?: 'json' | 'response' | 'nothing';
  /** It answers with a page of a list, which goes on in this way. */
  paging?: { items: string; by: 'page' | 'cursor' | 'after' };
}

/** A text for each operation, which `readOperation` reads. */
export type OperationTable = Record<string, Record<string, string>>;

type Table = typeof OPERATIONS;
/** The id of an operation, such as `messages.send`. */
export type OperationId = { [Group in keyof Table]: `${Group}.${keyof Table[Group] & string}` }[keyof Table];
type LineOf<Id extends OperationId> = Id extends `${infer Group}.${infer Name}`
  ? Group extends keyof Table
    ? Table[Group][Name & keyof Table[Group]]
    : never
  : never;

type Description<Id extends OperationId> = Id extends keyof operations ? operations[Id] : never;
/** An operation without a query has `query?: never`. */
type Known<T> = [Exclude<T, undefined>] extends [never] ? unknown : Exclude<T, undefined>;

type PathOf<O> = O extends { parameters: { path: infer Path } } ? Path : unknown;
type QueryOf<O> = O extends { parameters: { query?: infer Query } } ? Known<Query> : unknown;
/** What stands for a body that is no JSON: a form, or a file. */
type FileOf<Content> = Content extends { 'multipart/form-data': unknown }
  ? FormData
  : Content extends { 'application/json': unknown }
    ? never
    : Blob;
type BodyOf<O> = O extends { requestBody: { content: infer Content } }
  ? { body: Content[keyof Content] | FileOf<Content> }
  : O extends { requestBody?: { content: infer Content } }
    ? { body?: Content[keyof Content] }
    : unknown;
type Flat<T> = { [Key in keyof T]: T[Key] };

/** What an operation takes: the parameters of its path and query by their names, and `body`. */
export type Input<Id extends OperationId> = Flat<
  PathOf<Description<Id>> & QueryOf<Description<Id>> & BodyOf<Description<Id>>
>;

type Answers<O> = O extends { responses: infer Responses }
  ? Responses[Extract<keyof Responses, 200 | 201 | 202>]
  : never;
type JsonOf<Answer> = Answer extends { content: { 'application/json': infer Json } } ? Json : never;
type DataOf<Json> = Json extends { success: true; data: infer Data } ? Data : Json;

/** What an operation gives: the `data` of the answer; of files and exports the `Response` itself. */
export type Output<Id extends OperationId> =
  LineOf<Id> extends `${string} response`
    ? Response
    : LineOf<Id> extends `${string} nothing`
      ? undefined
      : DataOf<JsonOf<Answers<Description<Id>>>>;

type ItemsOf<Id extends OperationId> =
  LineOf<Id> extends `${string} list=${infer Name}:${string}`
    ? Output<Id> extends Record<Name & string, (infer Item)[]>
      ? Item
      : never
    : never;

/** The input without what names a page: an iterator goes through all of them. */
type AllInput<Id extends OperationId> = Omit<Input<Id>, 'page' | 'cursor' | 'wait'>;

export interface CallOptions {
  /** Ends the call, and the waits between its attempts. */
  signal?: AbortSignal | undefined;
  /** Of one attempt, in milliseconds; `Infinity`: none. @default the `timeoutMs` of the client */
  timeoutMs?: number | undefined;
  /** How often a call is repeated that may be repeated. @default the `retries` of the client */
  retries?: number | undefined;
  /** Of an operation that takes one: 1 to 255 of `A-Z a-z 0-9 . _ : -`. @default a new one for each call */
  idempotencyKey?: string | undefined;
  headers?: Record<string, string> | undefined;
}

type Arguments<Given, Need> = Need extends 'required'
  ? [input: Given, options?: CallOptions]
  : [input?: Given, options?: CallOptions];

/** A method that calls an operation. */
export type Method<Id extends OperationId, Need> = (...given: Arguments<Input<Id>, Need>) => Promise<Output<Id>>;

/** A method that gives a page; `all` gives the items of all pages, one after the other. */
export interface PagedMethod<Id extends OperationId, Need> {
  (...given: Arguments<Input<Id>, Need>): Promise<Output<Id>>;
  /** The items of all pages. The next page is fetched when the items before it were taken. */
  all(...given: Arguments<AllInput<Id>, Need>): AsyncGenerator<ItemsOf<Id>, void, undefined>;
}
