/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Every ceiling of the program, each with the reason for its value.
 * What a peer or a file gives a number for is compared with one of these
 * before it is multiplied, allocated or looped over.
 */

/* -- the wire ----------------------------------------------------------- */

/* The largest message a page sends is a RESUME_SESSION or an IMPORT_REGION:
 * 10,000 regions of 300 points are 30 MB. */
#define ALMU_LIMIT_MESSAGE_BYTES (32 * 1024 * 1024)

/* Decoding may amplify: an empty nested message is two bytes on the wire
 * and a hundred in memory. */
#define ALMU_LIMIT_DECODED_BYTES (256 * 1024 * 1024)

/* Text frames are PING and nothing else. */
#define ALMU_LIMIT_TEXT_BYTES 1024

/* -- a link ------------------------------------------------------------- */

/* A desk has a handful of pages open; a site that runs one service per
 * user likewise. */
#define ALMU_LIMIT_LINKS 256

/* What may wait for a slow reader: 64 full-resolution tiles, uncompressed,
 * are 16 MiB. Above it pictures that nobody looks at any more are dropped,
 * and the producers wait. */
#define ALMU_LIMIT_OUTBOX_BYTES (32 * 1024 * 1024)

/* Replies and errors are small; a peer that lets this many wait does not
 * read at all. */
#define ALMU_LIMIT_OUTBOX_MESSAGES 20000

/* Messages that wait behind a RESUME_SESSION. */
#define ALMU_LIMIT_WAITING_MESSAGES 10000

/* And their bytes: two of the largest. */
#define ALMU_LIMIT_WAITING_BYTES (2 * ALMU_LIMIT_MESSAGE_BYTES)

/* Answers to a peer's pings, of WebSocket and of the page, that may wait for
 * it to read before nothing more of it is read. */
#define ALMU_LIMIT_WAITING_PONGS 64

/* Seconds between connecting and a complete request head (slow loris). */
#define ALMU_LIMIT_REQUEST_SECONDS 15

/* Connections that have not sent a request yet, or are being answered. */
#define ALMU_LIMIT_CONNECTIONS 512

/* Body of an HTTP request: a workspace with its thumbnail is below 1 MiB. */
#define ALMU_LIMIT_BODY_BYTES (16 * 1024 * 1024)

/* Bodies of all requests together, while they arrive and are worked on. */
#define ALMU_LIMIT_BODIES_BYTES (64 * 1024 * 1024)

/* Seconds from the first byte of an answer to its last: the page's largest
 * file, 4 MB, over a line of 128 kbit/s. */
#define ALMU_LIMIT_RESPONSE_SECONDS 300

/* Seconds that sent bytes may stay unacknowledged before the kernel gives a
 * peer up: it vanished, or does not read at all. */
#define ALMU_LIMIT_UNACKED_SECONDS 30

/* Seconds in which a peer that was refused may read why, while what it still
 * sends is thrown away. */
#define ALMU_LIMIT_LINGER_SECONDS 3

/* A file of the page; the largest has 5 MB. */
#define ALMU_LIMIT_SITE_FILE_BYTES (64 * 1024 * 1024)

/* Files of the page kept in memory, plain and compressed: all of it. */
#define ALMU_LIMIT_SITE_CACHE_BYTES (64 * 1024 * 1024)

/* Seconds a scripting request waits for the page. */
#define ALMU_LIMIT_SCRIPTING_SECONDS 600

/* Seconds for a peer to take what is left and to answer a close frame: a
 * page over a slow line; the process itself has 2 s to exit. */
#define ALMU_LIMIT_CLOSE_SECONDS 2

/* Default seconds without a sign of life before a link counts as lost. */
#define ALMU_DEFAULT_LINK_IDLE 15

/* -- a session ---------------------------------------------------------- */

#define ALMU_LIMIT_SESSIONS 1024

/* The page keys its tile cache with 16 bits of file id. */
#define ALMU_LIMIT_FILE_ID 65535

#define ALMU_LIMIT_FILES 512
#define ALMU_LIMIT_REGIONS 20000

/* New regions are numbered from the highest id seen, so it must leave room. */
#define ALMU_LIMIT_REGION_ID (1 << 30)
#define ALMU_LIMIT_CONTROL_POINTS 100000

/* Requirement entries of one kind for one region: 13 polarisations times a
 * few axes and statistics. */
#define ALMU_LIMIT_REQUIREMENTS 256

/* Values of all spatial profiles of a place, which are one message: half of what
 * may wait for a slow reader. The page asks for about as many as its plot has
 * pixels. */
#define ALMU_LIMIT_PROFILE_VALUES (1 << 22)

/* Tiles in one request: a 16k display at full resolution is 64 x 36. */
#define ALMU_LIMIT_TILES 16384

/* Of a compressed tile of a FITS file, which is unpacked as a whole: an image
 * of 11,585 x 11,585 in one. Usual are single rows. */
#define ALMU_LIMIT_TILE_PIXELS (1 << 27)

/* Such tiles of which only a part was wanted, unpacked, of all images: a few
 * dozen of 512 x 512. One that is larger is kept alone. */
#define ALMU_LIMIT_KEPT_TILES_BYTES (64 * 1024 * 1024)

/* Bins asked for explicitly, in all histograms of a region together. */
#define ALMU_LIMIT_BINS (1 << 20)

/* Frames of an animation in a second: twice as many as a usual screen shows.
 * The page offers 15. */
#define ALMU_LIMIT_FRAME_RATE 120

/* Seconds until a picture that its viewer does not acknowledge counts as
 * lost, so that the next may follow. */
#define ALMU_LIMIT_FRAME_PATIENCE_SECONDS 5

/* Frames of an animation that cannot be read, one after the other, before
 * the animation ends: some channels may be damaged, but hardly that many. */
#define ALMU_LIMIT_FAILED_FRAMES 8

/* Channels that are shown beside each other: 32 columns and rows on one
 * screen. */
#define ALMU_LIMIT_MAP_CHANNELS 1024

/* Contour levels of one file: the page offers a few dozen at once. */
#define ALMU_LIMIT_CONTOUR_LEVELS 256

/* Vertices of one set of contours on its way, of a few levels or of one: four
 * for each pixel of a screen, 128 MB. A level through noise may have more;
 * then smoothing helps, and nothing else would. */
#define ALMU_LIMIT_CONTOUR_VERTICES (1 << 24)

/* Pixels each way that are smoothed over or become one vector; the page
 * offers up to 64. */
#define ALMU_LIMIT_SMOOTHING 1024

/* -- images ------------------------------------------------------------- */

/* How often the outline of a region may cross the rows of an image: a zigzag
 * of 1,000 points over 16,000 rows. The spans of its mask are half as many,
 * 100 MB. */
#define ALMU_LIMIT_CROSSINGS (1 << 24)

/* Values of a profile along a line, one for each pixel of its length: the
 * diagonal of an image of 180,000 pixels on a side. A megabyte as floats. */
#define ALMU_LIMIT_LINE_VALUES (1 << 18)

/* Pixels across a line that are averaged; the page offers no more. */
#define ALMU_LIMIT_LINE_WIDTH 20

/* FITS allows 999 axes; what CARTA shows has at most a handful. */
#define ALMU_LIMIT_AXES 16

/* Pixels along one axis: below it, products of two fit in 64 bits and tile
 * coordinates in 12 + 8 bits. */
#define ALMU_LIMIT_AXIS_LENGTH (1 << 30)

/* Elements of a Stokes axis. FITS knows twelve; an axis taken for one where
 * the header has a gap may be longer. */
#define ALMU_LIMIT_STOKES (1 << 20)

/* Channels: the longest spectra there are have a tenth. A spectrum of as many
 * is a message of 8 MB, and each region keeps one. */
#define ALMU_LIMIT_CHANNELS (1 << 20)

/* Files of a Stokes hypercube: as many as there are polarisations. */
#define ALMU_LIMIT_HYPERCUBE_FILES 12

/* Cards of one header. The longest seen in the field is a HISTORY of some
 * 100,000 cards. In memory each takes some 300 bytes. */
#define ALMU_LIMIT_CARDS 250000

/* Cards of all images of a file together, when they are listed: 10,000 images
 * of 50 cards. Images behind that are not listed. */
#define ALMU_LIMIT_LISTED_CARDS 500000

/* Cards in one message, which the page shows line by line; those behind are
 * counted. Making and sending them takes a tenth of a second of everybody's. */
#define ALMU_LIMIT_TOLD_CARDS 65536

#define ALMU_LIMIT_HDUS 10000

/* Rows of a table of beams: one for each channel and polarisation, of the
 * longest spectra there are. */
#define ALMU_LIMIT_BEAMS (1 << 20)

/* A table that the coordinates of an axis are looked up in, which goes with
 * an image that is saved: a thousand values are usual. */
#define ALMU_LIMIT_EXTENSION_BYTES (64 * 1024 * 1024)

/* A file compressed as a whole is inflated into the cache folder, piece by
 * piece: what a desk machine can spare there. */
#define ALMU_LIMIT_INFLATED_BYTES (G_GINT64_CONSTANT (8) << 30)

/* And all of them together where that folder is in memory, or cannot be had:
 * what they take is taken from the cache of planes. */
#define ALMU_LIMIT_INFLATED_MEMORY_BYTES (G_GINT64_CONSTANT (1) << 30)

/* What is kept for a minute when nobody uses it: a few files that somebody
 * looks through before opening one. */
#define ALMU_LIMIT_IDLE_INFLATED 4
#define ALMU_LIMIT_IDLE_INFLATED_BYTES (G_GINT64_CONSTANT (1) << 30)
#define ALMU_LIMIT_IDLE_INFLATED_MEMORY_BYTES (64 * 1024 * 1024)

/* What stays free on the disk of the cache folder, for everybody else; a tenth
 * of a smaller one. */
#define ALMU_LIMIT_CACHE_RESERVE_BYTES (G_GINT64_CONSTANT (1) << 30)

/* Lines of a region file that a message names, one by one. */
#define ALMU_LIMIT_REGION_PROBLEMS 50

/* A region file: as much as a message that imports one may carry. */
#define ALMU_LIMIT_REGION_TEXT_BYTES ALMU_LIMIT_MESSAGE_BYTES

/* A chunk of an HDF5 array is unpacked as a whole; the converter of IDIA
 * makes them of 1 MiB. */
#define ALMU_LIMIT_CHUNK_BYTES (256 * 1024 * 1024)

/* Copies of the places of a cube where the cursor is often, with the spectra
 * laid out together: this part of --cache-size at most, and nothing that
 * anything else could use. */
#define ALMU_LIMIT_TURNED_PART 8

/* One of them: 64 x 64 pixels of 1024 channels, fewer of more channels. It is
 * read within a second or two, from the page cache in a tenth of one. */
#define ALMU_LIMIT_TURNED_BYTES (16 * 1024 * 1024)

/* -- catalogs ----------------------------------------------------------- */

/* Catalogs of a session: the page shows each in a widget of its own. */
#define ALMU_LIMIT_CATALOGS 128

/* Rows of a table: the ICD counts them in 32 bits, and the page keeps some
 * ten bytes of its own for each. */
#define ALMU_LIMIT_TABLE_ROWS 100000000

/* FITS allows 999 columns; joined tables of surveys have a few thousand. */
#define ALMU_LIMIT_TABLE_COLUMNS 4096

/* What one table takes in memory, and all of the process together: ten
 * million rows of ten numbers are 800 MB. All together take no more than half
 * of --cache-size either, but for what small ones need. */
#define ALMU_LIMIT_TABLE_BYTES (G_GINT64_CONSTANT (1) << 30)
#define ALMU_LIMIT_TABLES_BYTES (G_GINT64_CONSTANT (2) << 30)
#define ALMU_LIMIT_TABLES_FLOOR_BYTES (64 * 1024 * 1024)

/* One cell of text, or one of an array that is passed over. */
#define ALMU_LIMIT_CELL_BYTES (1024 * 1024)

/* Descriptions and parameters of a table, all together. */
#define ALMU_LIMIT_TABLE_NOTES_BYTES (1024 * 1024)

/* Nesting of a VOTable: resources within resources; a dozen is much. */
#define ALMU_LIMIT_XML_DEPTH 64

/* One tag of a VOTable with its attributes, of which libxml2 compares each
 * with all before it; or a comment. Descriptions are elements of their own. */
#define ALMU_LIMIT_TAG_BYTES (256 * 1024)

/* Conditions of one filter: the page has one for each column it shows. */
#define ALMU_LIMIT_FILTERS 512

/* What the rows of one message come to, beside the ICD's 100,000 rows: a
 * part of what may wait for a slow reader. */
#define ALMU_LIMIT_ROWS_BYTES (8 * 1024 * 1024)

/* -- folders ------------------------------------------------------------ */

#define ALMU_LIMIT_FOLDER_ENTRIES 1000000

/* Entries of a subfolder that are counted for the file browser; counting a
 * million on a file server would take longer than anybody waits. */
#define ALMU_LIMIT_COUNTED_ITEMS 100000

#define ALMU_LIMIT_PATH_BYTES 4096

/* Names of layouts, snippets and workspaces. */
#define ALMU_LIMIT_NAME_BYTES 200

/* Layouts, snippets or workspaces in one folder, and what they may come to
 * when all are asked for at once. */
#define ALMU_LIMIT_SHELF_ENTRIES 4096
#define ALMU_LIMIT_SHELF_BYTES (64 * 1024 * 1024)

/* The picture of a session in a list; those we write have 20 kB at most. */
#define ALMU_LIMIT_THUMBNAIL_BYTES (1024 * 1024)

/* Nesting of JSON text: json-glib calls itself for each level. A layout
 * nests a dozen. */
#define ALMU_LIMIT_JSON_DEPTH 128

/* Values in JSON text: three bytes of it become some 150 in memory. */
#define ALMU_LIMIT_JSON_VALUES 2000000

/* Members of one object of JSON text, for json-glib looks at all of them to
 * replace or to remove one. The page's preferences are some three hundred. */
#define ALMU_LIMIT_JSON_MEMBERS 4096

/* -- the bus ------------------------------------------------------------ */

/* Calls on the bus that wait for an answer, of one caller and of all, and their
 * bytes: they lie in memory, and what is ready of them is answered before a page
 * is heard. One that takes long, as a session is told or taken in as a whole,
 * counts for many: some milliseconds each with thousands of regions. */
#define ALMU_LIMIT_BUS_CALLS_OF_ONE 1024
#define ALMU_LIMIT_BUS_CALLS 4096
#define ALMU_LIMIT_BUS_LONG_CALL 32
#define ALMU_LIMIT_BUS_CALL_BYTES (2 * ALMU_LIMIT_MESSAGE_BYTES)

/* -- the store ---------------------------------------------------------- */

/* Records of sessions kept at most, beside those in memory: more than
 * anybody looks through. */
#define ALMU_DEFAULT_RECORDS 200

/* One session as text: as much as the largest message says. 20,000 regions
 * of four points have 3 MB. */
#define ALMU_LIMIT_RECORD_BYTES (32 * 1024 * 1024)

/* How one file is shown, as the viewer says: a page's settings of one image
 * have some hundred bytes and a few levels. */
#define ALMU_LIMIT_LOOK_BYTES (64 * 1024)
#define ALMU_LIMIT_LOOK_DEPTH 32

/* -- work --------------------------------------------------------------- */

/* Jobs of one owner that have got stuck, in a file system that does not
 * answer: each keeps a thread and what it had read. */
#define ALMU_LIMIT_STUCK_JOBS 8

/* -- configuration ------------------------------------------------------ */

/* A file written by hand; a few dozen keys. */
#define ALMU_LIMIT_CONFIG_BYTES (1024 * 1024)
