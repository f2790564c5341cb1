import { type OperationName, operationOf } from '@wa-gate/contracts';

const described = (method: string, path: string): string => `${method} /api${path.replaceAll(/:(\w+)/g, '{$1}')}`;

/** The route of an operation as the description of the API names it, such as `POST /api/sessions/{id}/presence`. */
export function routeOf(name: OperationName): string {
  const { method, path } = operationOf(name);
  return described(method, path);
}

/** The routes of an operation: {@link routeOf} and the one for callers who name no session, if it has one. */
export function routesOf(name: OperationName): string[] {
  const { method, alias } = operationOf(name);
  return [routeOf(name), ...(alias ? [described(method, alias.path)] : [])];
}
