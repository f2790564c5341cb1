import { parser } from '@prometheus-io/lezer-promql';

/** What an expression asks for: a metric, or the record of a rule, with what is said of its labels. */
export interface Selector {
  name: string;
  matchers: { label: string; operator: string; value: string }[];
}

/**
 * The selectors of an expression, variables of Grafana included.
 *
 * @throws {Error} where it is no PromQL
 */
export function selectorsOf(expression: string): Selector[] {
  // Durations in variables are no PromQL.
  const source = withoutVariables(expression);
  const selectors: Selector[] = [];
  parser.parse(source).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`This is no PromQL, at ${node.from}: ${source}`);
      if (node.name !== 'VectorSelector') return;
      const text = source.slice(node.from, node.to);
      selectors.push({ name: /^[\w:]+/.exec(text)?.[0] ?? '', matchers: matchersOf(text) });
    },
  });
  return selectors;
}

/** An expression with values in place of Grafana's variables. */
export const withoutVariables = (expression: string, window = '1m'): string =>
  expression.replaceAll('$__rate_interval', window).replaceAll('$network', '.*');

const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;

const matchersOf = (selector: string): Selector['matchers'] =>
  [...selector.matchAll(MATCHER)].map(([, label = '', operator = '', value = '']) => ({ label, operator, value }));

/** Whether a value of a label fits what is said of it. Prometheus anchors its regular expressions. */
export function fits({ operator, value }: Selector['matchers'][number], given: string): boolean {
  const isRegular = operator.endsWith('~');
  const isEqual = isRegular ? new RegExp(`^(?:${value})$`).test(given) : value === given;
  return operator.startsWith('!') ? !isEqual : isEqual;
}
