// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the PNG files that the browser writes: 8 bits, RGB or RGBA, not
// interlaced.

import { inflateSync } from 'node:zlib';

function paeth(a, b, c) {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc)
    return a;
  return pb <= pc ? b : c;
}

const filters = [
  () => 0,
  a => a,
  (a, b) => b,
  (a, b) => (a + b) >> 1,
  paeth,
];

function unfilter(bytes, width, height, n) {
  const stride = width * n;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = filters[bytes[y * (stride + 1)]];
    for (let i = 0; i < stride; i++) {
      const at = y * stride + i;
      const a = i >= n ? out[at - n] : 0;
      const b = y > 0 ? out[at - stride] : 0;
      const c = i >= n && y > 0 ? out[at - stride - n] : 0;
      out[at] = bytes[y * (stride + 1) + 1 + i] + filter(a, b, c);
    }
  }
  return out;
}

export class Picture {
  constructor(png) {
    const parts = [];
    let n = 0;
    for (let at = 8; at < png.length;) {
      const length = png.readUInt32BE(at);
      const type = png.toString('ascii', at + 4, at + 8);
      const body = png.subarray(at + 8, at + 8 + length);
      if (type === 'IHDR') {
        this.width = body.readUInt32BE(0);
        this.height = body.readUInt32BE(4);
        n = { 2: 3, 6: 4 }[body[9]];
        if (body[8] !== 8 || n === undefined || body[12] !== 0)
          throw new Error('PNG of a kind that this does not read');
      } else if (type === 'IDAT') {
        parts.push(body);
      }
      at += length + 12;
    }
    this.n = n;
    this.bytes = unfilter(inflateSync(Buffer.concat(parts)), this.width, this.height, n);
  }

  /** [red, green, blue], (0, 0) is the upper left. */
  at(x, y) {
    const at = (Math.round(y) * this.width + Math.round(x)) * this.n;
    return [...this.bytes.subarray(at, at + 3)];
  }

  /** How many pixels differ by more than @tolerance in some colour. */
  countDifferences(other, tolerance = 8) {
    if (this.width !== other.width || this.height !== other.height)
      return Infinity;
    let count = 0;
    for (let y = 0; y < this.height; y++)
      for (let x = 0; x < this.width; x++) {
        const [a, b] = [this.at(x, y), other.at(x, y)];
        if (a.some((value, i) => Math.abs(value - b[i]) > tolerance))
          count++;
      }
    return count;
  }
}
