export { errorCodesRoutes } from './error-codes.routes.ts';
