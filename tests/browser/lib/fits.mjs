// SPDX-License-Identifier: GPL-3.0-or-later
// Small FITS files from descriptions.

import { writeFileSync } from 'node:fs';

const BLOCK = 2880;

function card(name, value) {
  if (value === undefined)
    return name.padEnd(80);
  let text;
  if (typeof value === 'boolean')
    text = (value ? 'T' : 'F').padStart(20);
  else if (typeof value === 'number')
    text = String(value).toUpperCase().padStart(20);
  else
    text = `'${value.padEnd(8)}'`;
  return `${name.padEnd(8)}= ${text}`.padEnd(80);
}

function header(cards) {
  const text = cards.map(([name, value]) => card(name, value)).join('') + card('END');
  return Buffer.from(text.padEnd(Math.ceil(text.length / BLOCK) * BLOCK), 'ascii');
}

/** What a file holds, for the tests to compare with. */
export class Image {
  constructor(shape, values) {
    this.shape = [...shape, 1, 1].slice(0, 4);
    this.values = values;
  }

  get width() { return this.shape[0]; }
  get height() { return this.shape[1]; }
  get depth() { return this.shape[2]; }

  at(x, y, z = 0, s = 0) {
    const [w, h, d] = this.shape;
    return this.values[((s * d + z) * h + y) * w + x];
  }

  row(y, z = 0, s = 0) {
    return Array.from({ length: this.width }, (_, x) => this.at(x, y, z, s));
  }

  column(x, z = 0, s = 0) {
    return Array.from({ length: this.height }, (_, y) => this.at(x, y, z, s));
  }

  spectrum(x, y, s = 0) {
    return Array.from({ length: this.depth }, (_, z) => this.at(x, y, z, s));
  }

  /** The pixels whose centres lie in a rectangle [x0, x1] × [y0, y1]. */
  cut(x0, x1, y0, y1, z = 0, s = 0) {
    const found = [];
    for (let y = Math.max(0, Math.ceil(y0)); y <= Math.min(this.height - 1, y1); y++)
      for (let x = Math.max(0, Math.ceil(x0)); x <= Math.min(this.width - 1, x1); x++)
        found.push(this.at(x, y, z, s));
    return found;
  }

  plane(z = 0, s = 0) {
    return this.cut(0, this.width - 1, 0, this.height - 1, z, s);
  }
}

/** The statistics of pixels as they are defined, by the page's numbers of them. */
export function measure(pixels) {
  const good = pixels.filter(value => !Number.isNaN(value));
  const n = good.length;
  const sum = good.reduce((a, b) => a + b, 0);
  const sumSq = good.reduce((a, b) => a + b * b, 0);
  const mean = sum / n;
  const spread = good.reduce((a, b) => a + (b - mean) ** 2, 0);
  return {
    n, sum, sumSq, mean,
    nanCount: pixels.length - n,
    rms: Math.sqrt(sumSq / n),
    sigma: Math.sqrt(spread / (n - 1)),
    min: good.reduce((a, b) => Math.min(a, b), Infinity),
    max: good.reduce((a, b) => Math.max(a, b), -Infinity),
  };
}

/**
 * Writes a file of 32-bit floats and returns its Image.
 * @shape: sizes of the axes; @cards: [name, value] beside the structural ones;
 * @value: (x, y, z, s) → number, NaN for a blank.
 */
export function writeFits(path, { shape, cards = [], value }) {
  const [w, h, d, n] = [...shape, 1, 1].slice(0, 4);
  const values = new Float32Array(w * h * d * n);
  let i = 0;
  for (let s = 0; s < n; s++)
    for (let z = 0; z < d; z++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          values[i++] = value(x, y, z, s);

  const data = Buffer.alloc(Math.ceil(4 * values.length / BLOCK) * BLOCK);
  values.forEach((pixel, k) => data.writeFloatBE(pixel, 4 * k));
  const head = header([
    ['SIMPLE', true],
    ['BITPIX', -32],
    ['NAXIS', shape.length],
    ...shape.map((size, k) => [`NAXIS${k + 1}`, size]),
    ...cards,
  ]);
  writeFileSync(path, Buffer.concat([head, data]));

  return new Image(shape, values);
}

/** The cards of a piece of sky of @width × @height pixels. */
export function skyCards(width, height) {
  const axes = [['RA---SIN', width / 2, 187.25, -2 / 3600], ['DEC--SIN', height / 2, 12.5, 2 / 3600]];
  return [
    ['BUNIT', 'Jy/beam'],
    ['RADESYS', 'ICRS'],
    ...axes.flatMap(([type, pixel, world, step], i) => [
      [`CTYPE${i + 1}`, type],
      [`CRPIX${i + 1}`, pixel],
      [`CRVAL${i + 1}`, world],
      [`CDELT${i + 1}`, step],
      [`CUNIT${i + 1}`, 'deg'],
    ]),
  ];
}

/** The cards of FREQ and STOKES as third and fourth axis. */
export function cubeCards() {
  return [
    ['SPECSYS', 'LSRK'],
    ['RESTFRQ', 1.420405752e9],
    ['CTYPE3', 'FREQ'], ['CRPIX3', 1], ['CRVAL3', 1.42e9], ['CDELT3', 1e5], ['CUNIT3', 'Hz'],
    ['CTYPE4', 'STOKES'], ['CRPIX4', 1], ['CRVAL4', 1], ['CDELT4', 1],
  ];
}

/** Four quarters of their own brightness, upper right brightest, on a slope; a
 * blank block in the lower left and one hot pixel. */
export function writeQuarters(path, width = 300, height = 200) {
  return writeFits(path, {
    shape: [width, height],
    cards: skyCards(width, height),
    value: (x, y) => {
      if (x >= 40 && x < 80 && y >= 30 && y < 60)
        return NaN;
      if (x === 250 && y === 20)
        return 5;
      const quarter = (x >= width / 2 ? 1 : 0) + (y >= height / 2 ? 2 : 0);
      return quarter + x / 2000 + y / 4000;
    },
  });
}

/** A source that moves to the right from channel to channel and is weaker in
 * each next stokes; a few blanks. */
export function writeCube(path, shape = [96, 64, 8, 3]) {
  const [width, height] = shape;
  return writeFits(path, {
    shape,
    cards: [...skyCards(width, height), ...cubeCards()],
    value: (x, y, z, s) => {
      if ((x === 41 || x === 42) && y === 31)
        return NaN;
      const [dx, dy] = [x - 16 - 9 * z, y - height / 2];
      return 10 / (s + 1) * Math.exp(-(dx * dx + dy * dy) / 60) + x / 100 + y / 50 + z - 2 * s;
    },
  });
}
