/** The envelope of every successful answer. */
export const ok = <T>(data: T): { success: true; status: 'success'; data: T } => ({
  success: true,
  status: 'success',
  data,
});
