import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const { EIO, ENOENT, ENOSYS, ESTALE } = constants.errno;
export type Failure = 'EIO' | 'ESTALE';

/** From the kernel's include/uapi/linux/fuse.h, version 7.31. */
const opcode = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  open: 14,
  read: 15,
  statfs: 17,
  release: 18,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  interrupt: 36,
  batchForget: 42,
} as const;
const headerInBytes = 40;
const headerOutBytes = 16;
const maxWriteBytes = 128 * 1024;
/** Bypasses the kernel's cache and its file size, so that every read arrives here. */
const directIo = 1;
const rootNode = 1n;
const fileNode = 2n;

/**
 * A file system with one file, which mirrors a real file and can fail like a dying disk (EIO) or like a file server that has
 * lost its handles (ESTALE). The reader gets these errors from the kernel. Requires permission to mount. Access it only from
 * other processes, because this process answers the requests.
 */
export class FailingDisk {
  readonly path: string;
  /** Reads that were answered with an error. */
  failed = 0;
  readonly #directory: string;
  readonly #source: string;
  readonly #device: FileHandle;
  readonly #served: Promise<void>;
  #failure: Failure | undefined;
  #failsFrom = 0;
  #nextHandle = 1n;
  #firstValidHandle = 1n;

  private constructor(directory: string, source: string, device: FileHandle) {
    this.#directory = directory;
    this.#source = source;
    this.#device = device;
    this.path = join(directory, basename(source));
    this.#served = this.#serve();
  }

  /** @throws without permission to mount, or without FUSE in the kernel */
  static async mount(directory: string, source: string): Promise<FailingDisk> {
    const device = await open('/dev/fuse', 'r+');
    mkdirSync(directory);
    try {
      // mount(2) takes the descriptor by its number.
      const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
      const stdio = ['ignore', 'ignore', 'ignore', device.fd] as const;
      const mount = spawn('mount', ['-i', '-t', 'fuse', '-o', options, 'bluegreen', directory], { stdio: [...stdio] });
      const [exitCode] = await once(mount, 'exit');
      if (exitCode !== 0) throw new Error(`mount failed with exit code ${exitCode}`);
    } catch (error) {
      await device.close();
      rmdirSync(directory);
      throw error;
    }
    return new FailingDisk(directory, source, device);
  }

  /** From now on, every read that reaches beyond a byte fails. */
  fail(failure: Failure, fromByte = 0): void {
    this.#failure = failure;
    this.#failsFrom = fromByte;
  }

  repair(): void {
    this.#failure = undefined;
  }

  /** Makes all open handles stale permanently. Files that are opened from now on can be read. */
  forgetHandles(): void {
    this.#firstValidHandle = this.#nextHandle;
  }

  async unmount(): Promise<void> {
    await promisify(execFile)('umount', ['-l', this.#directory]);
    await this.#served;
    await this.#device.close();
    rmdirSync(this.#directory);
  }

  async #serve(): Promise<void> {
    const buffer = Buffer.alloc(maxWriteBytes + 4_096);
    for (;;) {
      try {
        const { bytesRead } = await this.#device.read(buffer, 0, buffer.length, null);
        await this.#answer(Buffer.from(buffer.subarray(0, bytesRead)));
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        // ENODEV: unmounted.
        if (code === 'ENODEV') return;
        // ENOENT: the process that made the request was killed meanwhile.
        if (code !== 'ENOENT' && code !== 'EINTR') throw error;
      }
    }
  }

  async #answer(request: Buffer): Promise<void> {
    const operation = request.readUInt32LE(4);
    if (operation === opcode.forget || operation === opcode.batchForget || operation === opcode.interrupt) return;
    const answer = await this.#answerTo(operation, request.readBigUInt64LE(16), request.subarray(headerInBytes));
    const body = typeof answer === 'number' ? Buffer.alloc(0) : answer;
    const header = Buffer.alloc(headerOutBytes);
    header.writeUInt32LE(headerOutBytes + body.length, 0);
    header.writeInt32LE(typeof answer === 'number' ? -answer : 0, 4);
    request.copy(header, 8, 8, 16);
    await this.#device.write(Buffer.concat([header, body]));
  }

  /** Returns the body of an answer, or an error number. */
  async #answerTo(operation: number, node: bigint, body: Buffer): Promise<Buffer | number> {
    switch (operation) {
      case opcode.init:
        return initOut();
      case opcode.lookup: {
        const name = body.toString('utf8', 0, body.indexOf(0));
        return name === basename(this.#source) ? await this.#entry() : ENOENT;
      }
      case opcode.getattr:
        return Buffer.concat([Buffer.alloc(16), await this.#attributes(node)]);
      case opcode.open:
        return openOut(this.#nextHandle++);
      case opcode.opendir:
        return openOut(0n);
      case opcode.read:
        return await this.#read(body.readBigUInt64LE(0), body.readBigUInt64LE(8), body.readUInt32LE(16));
      case opcode.statfs:
        return Buffer.alloc(80);
      case opcode.readdir:
      case opcode.release:
      case opcode.flush:
      case opcode.releasedir:
        return Buffer.alloc(0);
      default:
        return ENOSYS;
    }
  }

  async #read(handle: bigint, offset: bigint, length: number): Promise<Buffer | number> {
    const reaches = Number(offset) + length > this.#failsFrom;
    const failure = handle < this.#firstValidHandle ? 'ESTALE' : reaches ? this.#failure : undefined;
    if (failure !== undefined) {
      this.failed++;
      return failure === 'EIO' ? EIO : ESTALE;
    }
    const file = await open(this.#source);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, Number(offset));
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async #entry(): Promise<Buffer> {
    const head = Buffer.alloc(40);
    head.writeBigUInt64LE(fileNode, 0);
    return Buffer.concat([head, await this.#attributes(fileNode)]);
  }

  async #attributes(node: bigint): Promise<Buffer> {
    const { size, mtimeMs } = await stat(this.#source);
    const attributes = Buffer.alloc(88);
    const isRoot = node === rootNode;
    attributes.writeBigUInt64LE(node, 0);
    attributes.writeBigUInt64LE(BigInt(isRoot ? 0 : size), 8);
    for (const at of [24, 32, 40]) attributes.writeBigUInt64LE(BigInt(Math.floor(mtimeMs / 1_000)), at);
    attributes.writeUInt32LE(isRoot ? 0o040755 : 0o100644, 60);
    attributes.writeUInt32LE(1, 64);
    attributes.writeUInt32LE(4_096, 80);
    return attributes;
  }
}

function initOut(): Buffer {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(maxWriteBytes, 20);
  return out;
}

function openOut(handle: bigint): Buffer {
  const out = Buffer.alloc(16);
  out.writeBigUInt64LE(handle, 0);
  out.writeUInt32LE(directIo, 8);
  return out;
}
