import { Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { nullable } from './schema.ts';

const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: LIMITS.pageMax, default: LIMITS.pageDefault, description: 'Rows of a page.' }),
);

/** `?page=&limit=`, for lists with pages. */
export const pageQuery = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
  limit,
};

export const PaginationSchema = Type.Object({
  total: Type.Integer(),
  page: Type.Integer(),
  limit: Type.Integer(),
  totalPages: Type.Integer(),
});

/** `?cursor=&limit=`, for lists that grow while they are read. */
export const cursorQuery = {
  cursor: Type.Optional(
    Type.String({
      maxLength: 100,
      description: '`pagination.nextCursor` of the page before; absent for the first page.',
    }),
  ),
  limit,
};

/** `?cursor=&after=&limit=`, for lists that are also read forwards. */
export const twoWayCursorQuery = {
  ...cursorQuery,
  after: Type.Optional(
    Type.String({
      maxLength: 100,
      description:
        '`pagination.previousCursor` of a page: what came right after that page, newest first. Not together with `cursor`.',
    }),
  ),
};

export const CursorPaginationSchema = Type.Object({
  nextCursor: nullable(Type.String()),
  hasMore: Type.Boolean(),
});
