import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { accessLine } from '../test/access-lines.ts';

/** Writes lines like those of the edge: mostly successes, some masked failures, few failures. Returns their number. */
export async function writeLog(path: string, megabytes: number): Promise<number> {
  const stream = createWriteStream(path);
  const begin = Date.now() - 3_600_000;
  let lines = 0;
  for (let written = 0; written < megabytes * 1024 * 1024; ) {
    const block = Array.from({ length: 1000 }, () => {
      lines++;
      const fields = { startMs: begin + lines, uri: `/item/${lines % 997}`, tookMs: lines % 50 };
      if (lines % 1000 === 0)
        return accessLine({
          ...fields,
          upstreamStatus: '500, 200',
          upstreamAddr: '172.31.240.11:3000, 172.31.240.12:3000',
        });
      return accessLine(lines % 5000 === 0 ? { ...fields, status: 500 } : fields);
    });
    const text = `${block.join('\n')}\n`;
    written += text.length;
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return lines;
}
