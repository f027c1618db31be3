import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';

/** Returns the length and digest of an upload, in constant memory. */
export const echo: RequestHandler = async (request, response) => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  response.json({ bytes, sha256: hash.digest('hex') });
};
