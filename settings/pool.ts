/** One of the two copies of the app. */
export type Pool = 'blue' | 'green';

export const pools = ['blue', 'green'] as const satisfies readonly Pool[];

export function otherPool(pool: Pool): Pool {
  return pool === 'blue' ? 'green' : 'blue';
}
