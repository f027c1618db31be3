import type { Request } from 'express';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** A whole number from the query string, or its default if absent. Undefined if invalid or out of bounds. */
export function queryNumber(request: Request, name: string, bounds: Bounds): number | undefined {
  const value = request.query[name] ?? String(bounds.default);
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) return undefined;
  const number = Number(value);
  return number >= bounds.min && number <= bounds.max ? number : undefined;
}

/** The body of the 400 for such a number. */
export function queryFault(name: string, { min, max }: Bounds) {
  return { status: 'error', message: `${name}: expected a whole number from ${min} to ${max}` };
}
