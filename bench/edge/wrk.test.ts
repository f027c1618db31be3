import { expect, test } from 'vitest';
import { resultOf } from './wrk.ts';

const output = `Running 1s test @ http://127.0.0.1:42017/version
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.99ms    0.98ms  14.76ms   81.50%
    Req/Sec    26.64k     3.60k   31.67k    70.00%
  Latency Distribution
     50%  812.00us
     75%    1.96ms
     90%    2.73ms
     99%    5.14ms
  26512 requests in 1.00s, 6.67MB read
Requests/sec:  26415.95
Transfer/sec:      6.65MB
`;

test('parses the output of wrk in all units', () => {
  expect(resultOf(output)).toEqual({
    requests: 26_512,
    requestsPerSecond: 26_415.95,
    p50Ms: 0.812,
    p99Ms: 5.14,
    bad: 0,
  });
});

test('counts error responses and failed connections', () => {
  const failed = output.replace(
    'Requests/sec',
    '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 100\nRequests/sec',
  );
  expect(resultOf(failed).bad).toBe(110);
});

test('other output is an error that contains it', () => {
  expect(() => resultOf('unable to connect to 127.0.0.1:1 Connection refused')).toThrow('Connection refused');
});
