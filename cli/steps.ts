import { duration } from '../watcher/figures.ts';
import { painted } from './terminal.ts';

const refreshMs = 100;

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
  const draw = () => process.stderr.write(`\r\x1b[2K    ${name} … ${took()}${detail === '' ? '' : `: ${detail}`}`);
  if (!live) process.stderr.write(`    ${name} …\n`);
  const timer = live ? setInterval(draw, refreshMs) : undefined;
  const end = (mark: string, text: string) => {
    clearInterval(timer);
    process.stderr.write(`${live ? '\r\x1b[2K' : ''}${mark} ${name}, ${took()}${text === '' ? '' : `: ${text}`}\n`);
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
