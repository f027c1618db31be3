import { duration } from '../../report/figures.ts';
import { clipped, printable, printToStderr, styledForStderr } from './terminal.ts';

const refreshMs = 100;
/** For a terminal that does not report its size. */
const defaultColumns = 80;

/** Shows the current detail of a step, in a terminal only. */
export type Say = (detail: string) => void;

/**
 * Runs a step and prints how long it took: on one live line in a terminal, elsewhere on one line when it starts and one when
 * it ends. A string that the step returns is printed after the time.
 */
export async function step<T>(name: string, run: (say: Say) => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const took = () => duration(performance.now() - startedAt);
  let detail = '';
  const live = process.stderr.isTTY;
  const draw = () =>
    process.stderr.write(`\r\x1b[2K${liveLine(name, took(), detail, process.stderr.columns || defaultColumns)}`);
  if (!live) printToStderr(`    ${name} …`);
  const timer = live ? setInterval(draw, refreshMs) : undefined;
  const end = (line: string) => {
    clearInterval(timer);
    if (live) process.stderr.write('\r\x1b[2K');
    printToStderr(line);
  };
  try {
    const result = await run((text) => {
      detail = text;
    });
    end(
      `${styledForStderr('green', ' ok')} ${name} (${took()})${typeof result === 'string' && result !== '' ? `: ${result}` : ''}`,
    );
    return result;
  } catch (error) {
    end(`    ${name} ${styledForStderr('red', 'failed')} (${took()})`);
    throw error;
  }
}

/** Fits one row of the terminal, because only the last of several rows would be overwritten. */
export function liveLine(name: string, took: string, detail: string, columns: number): string {
  return clipped(printable(`    ${name} … ${took}${detail === '' ? '' : `: ${detail}`}`), columns - 1);
}
