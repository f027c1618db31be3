import { accepts } from '../../health/question.ts';
import { questionOf, type Stack } from '../stack/stack.ts';
import { askEdge } from './ask-edge.ts';
import { isOk } from './http.ts';

/** What a visitor of the health path gets from the edge. */
export interface EdgeAnswer {
  /** A pool answered, even if only with a redirect or a 404; or could answer if there were no maintenance. */
  readonly served: boolean;
  /** The pool that the answer names, if it does. */
  readonly answeredBy: string | undefined;
}

/** Requests the health path as a visitor does: the edge passes on neither pool's failure while the other one answers. */
export async function askThroughEdge(stack: Stack): Promise<EdgeAnswer> {
  const question = questionOf(stack);
  const { status, headers } = await askEdge(stack, question.path, { headers: question.headers });
  const served = headers.has('x-bluegreen-maintenance')
    ? isOk(await askEdge(stack, '/.bluegreen/healthz'))
    : accepts(question, status) || (status > 0 && status < 500);
  return { served, answeredBy: headers.get('x-app-pool') ?? undefined };
}
