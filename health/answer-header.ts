/** What the header of an answer to a GET says about where the answer ends. */
export interface AnswerHeader {
  readonly status: number;
  /** In bytes, if they are announced. */
  readonly body: number | 'chunked' | 'until close';
  /** Whether the connection stays open for the next request. */
  readonly keepsConnection: boolean;
}

/** The status line and the other lines, all at once: a check of each line for itself takes most of the time of a health check. */
const shape = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?(?:\r\n[\w!#$%&'*+.^`|~-]+:[^\0\r\n]*)*$/;
// A line that begins with white space continues the one before it (RFC 9112, section 5.2).
const continued = /\r\n[ \t]+/g;

/** Reads a header without the empty line at its end. Undefined if it is not one of HTTP/1, or says nothing certain about the body. */
export function readAnswerHeader(text: string): AnswerHeader | undefined {
  const header = text.replace(continued, ' ');
  const [, minor, digits] = shape.exec(header) ?? [];
  if (digits === undefined) return undefined;
  const lines = header.toLowerCase();
  const body = bodyOf(Number(digits), valueIn(lines, 'content-length'), valueIn(lines, 'transfer-encoding'));
  if (body === undefined) return undefined;
  const closes = minor === '0' || /(^|,)\s*close\s*(,|$)/.test(valueIn(lines, 'connection') ?? '');
  return { status: Number(digits), body, keepsConnection: !closes && digits !== '101' };
}

/** RFC 9112, section 6.3. */
function bodyOf(status: number, length?: string, encoding?: string): AnswerHeader['body'] | undefined {
  if (encoding !== undefined && length !== undefined) return undefined;
  if (status < 200 || status === 204 || status === 304) return 0;
  if (encoding !== undefined) return /(^|,)\s*chunked$/.test(encoding) ? 'chunked' : 'until close';
  if (length === undefined) return 'until close';
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** The values of all lines with this name, separated by commas. */
function valueIn(lines: string, name: string): string | undefined {
  const start = `\r\n${name}:`;
  const values: string[] = [];
  for (let at = lines.indexOf(start); at >= 0; at = lines.indexOf(start, at + 1)) {
    const end = lines.indexOf('\r\n', at + start.length);
    values.push(lines.slice(at + start.length, end < 0 ? undefined : end).trim());
  }
  return values.length === 0 ? undefined : values.join(',');
}
