// SPDX-License-Identifier: GPL-3.0-or-later
// A catalog of sources on a grid around the middle of the sky of lib/fits.mjs.

import { writeFileSync } from 'node:fs';

/** Sources of 1…120 mJy. */
export const makeSources = (step = 0.008) => Array.from({ length: 120 }, (_, i) => ({
  id: i + 1,
  name: `src $${i % 10}`,
  ra: 187.25 + (i % 12 - 6) * step,
  dec: 12.5 + (Math.floor(i / 12) - 5) * step,
  flux: (i * 37) % 120 + 1,
}));

export function writeCatalog(path, sources) {
  const field = (name, type, more = '') => `<FIELD name="${name}" datatype="${type}" ${more}/>`;
  const row = ({ id, name, ra, dec, flux }) => `<TR>${[id, name, ra, dec, flux].map(cell => `<TD>${cell}</TD>`).join('')}</TR>`;
  writeFileSync(path, `<?xml version="1.0"?><VOTABLE version="1.3"><RESOURCE><COOSYS ID="c" system="ICRS"/><TABLE>
${field('id', 'int')}${field('name', 'char', 'arraysize="*"')}${field('RA', 'double', 'unit="deg" ucd="pos.eq.ra"')}
${field('DEC', 'double', 'unit="deg" ucd="pos.eq.dec"')}${field('flux', 'float', 'unit="mJy"')}
<DATA><TABLEDATA>${sources.map(row).join('\n')}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>`);
}
