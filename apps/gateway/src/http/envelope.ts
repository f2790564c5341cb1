/** The envelope of every successful answer. */
export const ok = <T>(data: T): { success: true; status: 'success'; data: T } => ({
  success: true,
  status: 'success',
  data,
});

/** Of a list with pages: where in it an answer is. */
export const pagination = (total: number, page: number, limit: number) => ({
  total,
  page,
  limit,
  totalPages: Math.ceil(total / limit),
});
