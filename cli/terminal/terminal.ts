import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colour where the stream is a terminal that wants it (NO_COLOR and FORCE_COLOR count). */
function paint(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return styleText(style, text, { stream });
}

/** What our own colours look like, each on and off. */
const ours = new Set(
  (['bold', 'dim', 'red', 'yellow', 'green', 'cyan'] as const).flatMap((style) =>
    styleText(style, ' ', { validateStream: false }).split(' '),
  ),
);

/** Of what a terminal would obey, or what hides what follows, only our own colours and the ends of lines. */
function tame(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/(?![\n\t])\p{Cc}(?:\[\d+m)?|[\p{Zl}\p{Zp}]/gu, (found) => (ours.has(found) ? found : ' '))
    .replaceAll(/\p{Cf}/gu, '');
}

/** A line for the person who waits. It may quote what comes from outside. */
export function tell(text: string): void {
  process.stderr.write(`${tame(text)}\n`);
}

/** Progress, for the person who waits. */
export function progress(text: string): void {
  tell(`${paint('cyan', '==>', process.stderr)} ${text}`);
}

export function warning(text: string): void {
  tell(`${paint('yellow', 'warning:', process.stderr)} ${text}`);
}

/** A result, for whoever reads the output. */
export function print(text: string): void {
  process.stdout.write(`${tame(text)}\n`);
}

/** A result for scripts, to whom it is the same with what a terminal would obey escaped. */
export function printJson(value: unknown): void {
  const unit = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const text = JSON.stringify(value, undefined, 2).replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    found.replaceAll(/./gs, unit),
  );
  process.stdout.write(`${text}\n`);
}

/** For progress, on stderr. */
export function painted(style: Style, text: string): string {
  return paint(style, text, process.stderr);
}

export function coloured(style: Style, text: string): string {
  return paint(style, text, process.stdout);
}

/** What comes from outside, on one line and without anything that a terminal would obey or that hides what follows. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Cf}/gu, '');
}

/** No longer than a line of a terminal. */
export function clipped(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, columns - 1).join('')}…`;
}

/** Rows under a header, in columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const [first = '', ...others] = inColumns([header, ...rows]);
  return [coloured('bold', first), ...others].join('\n');
}

/** Each line's cells, in printable characters, below those of the others. */
export function inColumns(cells: readonly (readonly string[])[]): string[] {
  const lines = cells.map((line) => line.map(printable));
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Does one of several things that end a deploy: where it fails that is told, and the others are done all the same. */
export async function attempt(fault: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    warning(`${fault}: ${messageOf(error)}`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
