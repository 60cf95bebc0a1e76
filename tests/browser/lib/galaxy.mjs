// SPDX-License-Identifier: GPL-3.0-or-later
// A spiral galaxy that turns: its line in a cube, and its radio continuum,
// polarised along the arms, on a grid of its own.

import { cubeCards, skyCards, writeFits } from './fits.mjs';

const INCLINATION = 58 * Math.PI / 180;
const ANGLE = 35 * Math.PI / 180; // of the major axis
const SCALE = 36; // of the disc, in arc seconds
const TURN = 1.9; // an arm runs round once in that many e-folds of radius

/** The same noise in every run. */
function makeNoise(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => next() + next() + next() + next() - 2; // σ = 0.58
}

/** Where in the disc a place of the sky is, in arc seconds from its middle. */
function place(dx, dy) {
  const major = dx * Math.cos(ANGLE) + dy * Math.sin(ANGLE);
  const minor = (dy * Math.cos(ANGLE) - dx * Math.sin(ANGLE)) / Math.cos(INCLINATION);
  const r = Math.hypot(major, minor);
  const phi = Math.atan2(minor, major);
  return { r, phi, arm: 2 * (phi - TURN * Math.log(Math.max(r, 6) / 6)) };
}

function brightness({ r, arm }) {
  const arms = (1 + 0.85 * Math.cos(arm)) * (1 - Math.exp(-r * r / 700));
  return Math.exp(-r / SCALE) * (0.25 + arms) + 1.2 * Math.exp(-r * r / 160);
}

/** Channels run through the velocities: one side of the disc, then the other. */
export function writeGalaxy(path, size = 240, depth = 40) {
  const noise = makeNoise(7);
  const disc = Array.from({ length: size * size }, (_, i) => {
    const at = place(2 * (i % size - size / 2), 2 * (Math.floor(i / size) - size / 2));
    return { peak: brightness(at) * Math.min(1, at.r / 20), channel: depth / 2 + 0.36 * depth * Math.tanh(at.r / 12) * Math.cos(at.phi) };
  });
  const cards = new Map([...skyCards(size, size), ...cubeCards()]);
  cards.set('CRVAL3', 1.4174e9);
  return writeFits(path, {
    shape: [size, size, depth, 1],
    cards: [...cards, ['BMAJ', 10 / 3600], ['BMIN', 8 / 3600], ['BPA', 20]],
    value: (x, y, z) => {
      const { peak, channel } = disc[y * size + x];
      return 1e-3 * (9 * peak * Math.exp(-((z - channel) ** 2) / (2 * 1.9 ** 2)) + 0.2 * noise());
    },
  });
}

/** Stokes I, Q and U in smaller pixels. */
export function writeContinuum(path, size = 240) {
  const noise = makeNoise(11);
  const cards = new Map([...skyCards(size, size), ...cubeCards()]);
  cards.set('CDELT1', -1.5 / 3600).set('CDELT2', 1.5 / 3600);
  return writeFits(path, {
    shape: [size, size, 1, 3],
    cards: [...cards],
    value: (x, y, z, s) => {
      const at = place(1.5 * (x - size / 2), 1.5 * (y - size / 2));
      const total = 2e-3 * brightness(at);
      // as the arms run, seen from where we are
      const along = 2 * (at.phi + Math.PI / 2 - 0.5 + ANGLE - Math.PI / 2);
      const polarised = 0.3 * total * (1 - Math.exp(-at.r / 20));
      const [i, q, u] = [total, polarised * Math.cos(along), polarised * Math.sin(along)];
      return [i, q, u][s] + 2e-5 * noise();
    },
  });
}
