import { describe, expect, it } from 'vitest';
import { internalPorts } from './ports.ts';

const portsOf = (nginx: number, blue: number, green: number, watcher: number, https = 443) =>
  internalPorts({ NGINX_PORT: nginx, HTTPS_PORT: https, BLUE_PORT: blue, GREEN_PORT: green, WATCHER_PORT: watcher });

describe('the internal ports of a stack', () => {
  it('are the same as in containers by default', () => {
    expect(portsOf(8080, 8081, 8082, 8083)).toEqual({ status: 8084, prober: 8085 });
  });

  it('never collide with other settings', () => {
    expect(portsOf(9001, 9003, 9002, 9000)).toEqual({ status: 9004, prober: 9005 });
    expect(portsOf(80, 9001, 9003, 9000)).toEqual({ status: 9002, prober: 9004 });
    expect(portsOf(9001, 9002, 9003, 9000, 9004)).toEqual({ status: 9005, prober: 9006 });
  });

  it('are valid at both ends of the range', () => {
    expect(portsOf(80, 81, 82, 65_534)).toEqual({ status: 65_535, prober: 65_533 });
    expect(portsOf(65_534, 65_533, 65_532, 65_535)).toEqual({ status: 65_531, prober: 65_530 });
    expect(portsOf(2, 3, 4, 1)).toEqual({ status: 5, prober: 6 });
    expect(portsOf(2, 3, 4, 1, 5)).toEqual({ status: 6, prober: 7 });
  });
});
