import type { Request } from 'express';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** A whole number of the query string, its default where it is not given, undefined where it is not such a number. */
export function queryNumber(request: Request, name: string, bounds: Bounds): number | undefined {
  const value = request.query[name] ?? String(bounds.default);
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) return undefined;
  const number = Number(value);
  return number >= bounds.min && number <= bounds.max ? number : undefined;
}

/** What the 400 says about a number that is not one. */
export function queryFault(name: string, { min, max }: Bounds) {
  return { status: 'error', message: `${name}: expected a whole number from ${min} to ${max}` };
}
