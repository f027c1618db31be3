/** True if a status is an error of the server: a 5xx, or one that is no status of an answer. 0 is none at all: the visitor left. */
export function isServerError(status: number): boolean {
  return status >= 500 || isNotHttp(status);
}

/**
 * True if a status is not that of a complete HTTP answer. nginx logs 009 for bytes that are not HTTP and for a status line that
 * it cannot parse, and an informational status such as 100 if nothing came after it. 101 is final: it begins a WebSocket.
 */
export function isNotHttp(status: number): boolean {
  return status > 0 && status < 200 && status !== 101;
}
