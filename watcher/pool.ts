/** A colour: one of the two copies of the app behind the edge. */
export type Pool = 'blue' | 'green';

export function otherPool(pool: Pool): Pool {
  return pool === 'blue' ? 'green' : 'blue';
}
