import { createInterface, type ReadLineOptions } from 'node:readline/promises';

/** Asks for confirmation. Anything but yes is no. */
export async function confirm(question: string, streams: ReadLineOptions): Promise<boolean> {
  const terminal = createInterface(streams);
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    // Ctrl-C or Ctrl-D: the cursor is still behind the question.
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    streams.output?.write('\n');
    return false;
  } finally {
    terminal.close();
  }
}
