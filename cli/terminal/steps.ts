import { duration } from '../../report/figures.ts';
import { clipped, painted, printable, tell } from './terminal.ts';

const refreshMs = 100;
/** Of a terminal that does not know its size. */
const usualColumns = 80;

/** Shows what goes on now, where somebody looks. */
export type Say = (detail: string) => void;

/**
 * Runs a step and tells how long it took: in a terminal on one live line, elsewhere on a line at its beginning and one at
 * its end. What the step returns, if anything, is told behind the time.
 */
export async function step<T>(name: string, run: (say: Say) => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const took = () => duration(performance.now() - startedAt);
  let detail = '';
  const live = process.stderr.isTTY;
  const draw = () =>
    process.stderr.write(`\r\x1b[2K${liveLine(name, took(), detail, process.stderr.columns || usualColumns)}`);
  if (!live) tell(`    ${name} …`);
  const timer = live ? setInterval(draw, refreshMs) : undefined;
  const end = (mark: string, text: string) => {
    clearInterval(timer);
    if (live) process.stderr.write('\r\x1b[2K');
    tell(`${mark} ${name}, ${took()}${text === '' ? '' : `: ${text}`}`);
  };
  try {
    const result = await run((text) => {
      detail = text;
    });
    end(painted('green', ' ok'), typeof result === 'string' ? result : '');
    return result;
  } catch (error) {
    end(painted('red', ' no'), '');
    throw error;
  }
}

/** One row of the terminal: of more, only the last would be drawn over. */
export function liveLine(name: string, took: string, detail: string, columns: number): string {
  return clipped(printable(`    ${name} … ${took}${detail === '' ? '' : `: ${detail}`}`), columns - 1);
}
