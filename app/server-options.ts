import type { ServerOptions } from 'node:http';

export const serverOptions: ServerOptions = {
  // Longer than the edge keeps an idle connection (4 s): the side that sends requests must close first, or a request is
  // sent on a connection that the other side is closing.
  keepAliveTimeout: 75_000,
  headersTimeout: 80_000,
  // The edge accepts 32 KiB of headers; with its default of 16 KiB, Node would answer some of them with a 431.
  maxHeaderSize: 64 * 1024,
};
