// Makes a report answer: tables sort and filter, charts of curves show the numbers under the pointer, runs are pinned and stand side by
// side, the view is in the address. Without it all that the report says stands there. It selects, sorts and places; it computes, rounds
// and writes no number of the study.
(() => {
'use strict';

// --- What needs no page -------------------------------------------------------------------------------------------------

/** The bytes that were packed by DEFLATE (RFC 1951). */
function inflated(bytes) {
  const out = [];
  let at = 0, isLast = 0;
  const take = (n) => {
    let value = 0;
    for (let i = 0; i < n; i += 1, at += 1) value |= ((bytes[at >> 3] >> (at & 7)) & 1) << i;
    return value;
  };
  const table = (lengths) => ({
    counts: Array.from({ length: 16 }, (_, n) => (n ? lengths.filter((one) => one === n).length : 0)),
    symbols: [...lengths.keys()].filter((one) => lengths[one]).sort((a, b) => lengths[a] - lengths[b] || a - b),
  });
  const symbol = ({ counts, symbols }) => {
    for (let n = 1, code = 0, first = 0, index = 0; ; n += 1) {
      code |= take(1);
      if (code - first < counts[n]) return symbols[index + code - first];
      index += counts[n];
      [code, first] = [code << 1, (first + counts[n]) << 1];
    }
  };
  const coded = () => {
    const [n, m, k] = [take(5) + 257, take(5) + 1, take(4) + 4], short = Array(19).fill(0), lengths = [];
    for (const place of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].slice(0, k)) short[place] = take(3);
    for (const code = table(short); lengths.length < n + m;) {
      const one = symbol(code);
      const [value, times] = one < 16 ? [one, 1] : one === 16 ? [lengths.at(-1), 3 + take(2)] : [0, one === 17 ? 3 + take(3) : 11 + take(7)];
      lengths.push(...Array(times).fill(value));
    }
    return [table(lengths.slice(0, n)), table(lengths.slice(n))];
  };
  const fixed = () => [table(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))), table(Array(30).fill(5))];
  // A code stands for a span of values: where it begins, of how many bits its rest is.
  const span = (i, bits, from) => { const n = Math.max(0, (i >> bits) - 1); return from + (n ? ((1 << bits) + (i & ((1 << bits) - 1))) << n : i) + take(n); };
  while (!isLast) {
    isLast = take(1);
    const kind = take(2);
    if (kind === 0) {
      at = (at + 7) & ~7;
      const n = take(16);
      at += 16;
      for (let i = 0; i < n; i += 1) out.push(take(8));
      continue;
    }
    const [lengths, distances] = kind === 1 ? fixed() : coded();
    for (let one; (one = symbol(lengths)) !== 256;) {
      if (one < 256) { out.push(one); continue; }
      const n = one === 285 ? 258 : span(one - 257, 2, 3), back = span(symbol(distances), 1, 1);
      for (let i = 0; i < n; i += 1) out.push(out[out.length - back]);
    }
  }
  return Uint8Array.from(out);
}

/** Letters and digits alone, so that `batch_size` finds "Batch size". */
const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** A number as people and reports write it (`.5`, `1,000`, `−3`), or null. */
function number(text) {
  const written = text.trim().replace(/−/g, '-').replace(/(\d),(?=\d{3})/g, '$1');
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(written) ? Number(written) : null;
}

/** The terms of a filter: words, "words together", -without, column>bound. */
function parse(filter) {
  const terms = [];
  for (const [whole, minus, quoted, bare] of filter.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)) {
    const bound = bare?.match(/^([^<>=!]+)(<=|>=|!=|<|>|=)(.+)$/);
    if (bound) terms.push({ not: (minus === '-') !== (bound[2] === '!='), column: bound[1], op: bound[2].replace('!', ''), value: bound[3].replace(/^"|"$/g, '') });
    else if ((quoted ?? bare) !== '') terms.push({ not: minus === '-', word: (quoted ?? bare).toLowerCase() });
    if (whole === '') break;
  }
  return terms;
}

/** The place of a column by its title or the beginning of it; -1 where there is none. */
function place(titles, name) {
  const wanted = plain(name), known = titles.map(plain);
  const exact = known.indexOf(wanted);
  return exact >= 0 || wanted === '' ? exact : known.findIndex((title) => title.startsWith(wanted));
}

const compare = { '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b, '=': (a, b) => a === b };

/** Whether a row is as a term says; `at` and `bound` are its column's place and its number. */
function holds(row, { word, at, op, bound, value, not }) {
  const is = word !== undefined ? row.text.includes(word)
    : bound !== null && row.cells[at].value !== null ? compare[op](row.cells[at].value, bound)
    : op === '=' && row.cells[at].text.toLowerCase().includes(value);
  return is !== not;
}

/** Which rows a filter keeps; or the word for a column that is not there. */
function kept(rows, filter, titles) {
  const terms = parse(filter).map((term) => (term.word !== undefined ? term
    : { ...term, at: place(titles, term.column), bound: number(term.value), value: term.value.toLowerCase() }));
  const odd = terms.find(({ at }) => at < 0);
  if (odd) return { unknown: odd.column };
  return { rows: rows.map((row) => terms.every((term) => holds(row, term))) };
}

/** Text with its numbers by size: "Run 2" before "Run 10". */
function natural(a, b) {
  const [left, right] = [a, b].map((text) => text.toLowerCase().match(/\d+|\D+/g) ?? []);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    const both = /^\d/.test(x) && /^\d/.test(y) && Number(x) !== Number(y);
    if (both) return Number(x) - Number(y);
    if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

const isNumeric = (rows, column) => rows.some((row) => row.cells[column].value !== null);

/** The order of rows by a column; rows without a value come last both ways, equal ones stay as they were. */
function order(rows, column, direction) {
  const byNumber = isNumeric(rows, column);
  const has = (row) => (byNumber ? row.cells[column].value !== null : row.cells[column].text !== '–' && row.cells[column].text !== '');
  const by = (a, b) => (byNumber ? a.cells[column].value - b.cells[column].value : natural(a.cells[column].text, b.cells[column].text));
  const sign = direction === 'descending' ? -1 : 1;
  return rows.map((row, at) => ({ row, at })).sort((a, b) =>
    (has(b.row) - has(a.row)) || (has(a.row) ? sign * by(a.row, b.row) : 0) || a.at - b.at).map(({ at }) => at);
}

/** An axis as a chart writes it (`log 1 50 52 340`: kind, numbers and places of its ends): from numbers to places and back. */
function axis(words) {
  const [kind, ...ends] = words.split(' ');
  const [low, high, from, to] = ends.map(Number);
  const [f, back] = kind === 'log' ? [Math.log, Math.exp] : [(value) => value, (value) => value];
  return {
    at: (value) => from + (f(value) - f(low)) / (f(high) - f(low)) * (to - from),
    back: (place) => back(f(low) + (place - from) / (to - from) * (f(high) - f(low))),
  };
}

/** `1-3 7` as 1, 2, 3, 7. */
const stretches = (words) => words.split(' ').filter(Boolean).flatMap((word) => {
  const [first, last = first] = word.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
});

/** The place of the number nearest to a value, in rising numbers; of two as near, of the smaller one. */
function nearest(numbers, value) {
  let low = 0, high = numbers.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < value) low = middle; else high = middle;
  }
  return high >= 0 && value - numbers[low] > numbers[high] - value ? high : low;
}

/** The places of a path, moved: `M1 2L3 4Z`. */
const moved = (path, move) => path.replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, x, y) => move(Number(x), Number(y)).map((place) => Math.round(place * 100) / 100).join(' '));

/** The lines that a path of parallel axes is made of, with their places. */
const threads = (path) => path.split('M').filter(Boolean).map((part) => ({
  d: 'M' + part, places: part.replace('Z', '').split('L').map((place) => place.split(' ').map(Number)),
}));

/** Whether a line goes through every stretch; the stretches by the place of their axis. */
const within = (line, ranges) => [...ranges].every(([at, [from, to]]) => line.places[at][1] >= from && line.places[at][1] <= to);

/** Which settings differ among some runs, by place. */
const differing = (runs) => runs[0].settings.map((_, at) => at).filter((at) => runs.some((run) => run.settings[at] !== runs[0].settings[at]));

/** The state behind the name of a section: `#ranking~ranking.0.sort=2d~ranking.0.filter=adam`. */
const written = (section, state) => '#' + section + [...state].map(([key, value]) => '~' + key + '=' + encodeURIComponent(value).replace(/~/g, '%7E')).join('');
function read(hash) {
  const [section, ...pairs] = hash.replace(/^#/, '').split('~');
  const state = new Map();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    try { if (at > 0) state.set(pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))); } catch { /* not ours */ }
  }
  return { section, state };
}

if (typeof module !== 'undefined') { module.exports = { inflated, number, parse, place, kept, natural, order, axis, stretches, nearest, moved, threads, within, differing, written, read }; return; }

// --- The page -----------------------------------------------------------------------------------------------------------

const make = (tag, name = '', text = '') => Object.assign(document.createElement(tag), { className: name, textContent: text });
/** The run, search or section that an element is a part of. */
const homeOf = (element) => element.closest('article[id], section[id]');
/** The text of a cell without what stands below it in small type. */
const own = (cell) => [...cell.childNodes].filter((node) => !['SMALL', 'SPAN'].includes(node.nodeName)).map((node) => node.textContent).join('').trim();
let section = '';
const state = new Map();

function remember(key, value) {
  if (value) state.set(key, value); else state.delete(key);
  const address = written(section, state);
  if (address.length < 2000) history.replaceState(null, '', state.size || section ? address : location.pathname + location.search);
}

class Table {
  constructor(table, key) {
    this.table = table;
    this.key = key;
    this.body = table.tBodies[0];
    this.heads = [...table.tHead.rows[0].cells];
    this.titles = this.heads.map((head) => head.textContent);
    // A row of pictures belongs to the one above it.
    this.groups = [];
    for (const row of this.body.rows) {
      if (row.classList.contains('pictures') && this.groups.length) this.groups.at(-1).push(row); else this.groups.push([row]);
    }
    this.rows = this.groups.map(([row]) => ({
      text: row.textContent.toLowerCase(),
      cells: [...row.cells].map((cell) => ({ value: cell.dataset.v === undefined ? null : Number(cell.dataset.v), text: own(cell) })),
    }));
    this.sorted = { column: -1, direction: '' };
    this.isWhole = this.rows.every((row) => row.cells.length === this.heads.length);
  }

  offer() {
    if (!this.isWhole || this.rows.length < 3) return;
    this.heads.forEach((head, column) => {
      if (!head.textContent.trim()) return;
      const button = make('button', 'sort');
      button.type = 'button';
      button.append(...head.childNodes);
      button.addEventListener('click', () => this.sort(column, this.next(column)));
      head.replaceChildren(button);
    });
    if (this.rows.length < 6) return;
    const label = make('label', 'ask', 'Filter ');
    this.input = make('input');
    Object.assign(this.input, { type: 'search', placeholder: 'words, column>number', spellcheck: false, autocomplete: 'off' });
    this.said = make('output');
    this.input.addEventListener('input', () => this.filter(this.input.value));
    label.append(this.input);
    const line = make('p', 'asking');
    line.append(label, this.said);
    this.table.closest('.scroll').before(line);
  }

  /** Numbers begin with the largest, words with the first; a third time gives the order as written. */
  next(column) {
    const ways = isNumeric(this.rows, column) ? ['descending', 'ascending', ''] : ['ascending', 'descending', ''];
    return this.sorted.column === column ? ways[(ways.indexOf(this.sorted.direction) + 1) % 3] : ways[0];
  }

  sort(column, direction) {
    this.sorted = { column, direction };
    const places = direction ? order(this.rows, column, direction) : this.rows.map((_, at) => at);
    this.body.append(...places.flatMap((at) => this.groups[at]));
    this.heads.forEach((head, at) => {
      if (at === column && direction) head.setAttribute('aria-sort', direction); else head.removeAttribute('aria-sort');
    });
    this.mark();
    remember(this.key + '.sort', direction && column + direction[0]);
  }

  filter(text) {
    const found = kept(this.rows, text, this.titles);
    if (found.unknown === undefined) this.groups.forEach((group, at) => group.forEach((row) => row.classList.toggle('off', !found.rows[at])));
    this.isFiltered = text.trim() !== '';
    const count = found.rows?.filter(Boolean).length;
    this.said.textContent = found.unknown !== undefined ? 'no column is called ' + found.unknown + ': ' + this.titles.filter(Boolean).join(', ')
      : this.isFiltered ? count + ' of ' + this.rows.length + ' rows' : '';
    this.mark();
    remember(this.key + '.filter', text.trim());
  }

  /** Lines between rows hold in the order as written only. */
  mark() { this.table.classList.toggle('moved', Boolean(this.sorted.direction) || Boolean(this.isFiltered)); }

  restore(known) {
    const sort = known.get(this.key + '.sort')?.match(/^(\d+)([ad])$/), filter = known.get(this.key + '.filter');
    if (sort && Number(sort[1]) < this.heads.length && this.isWhole) this.sort(Number(sort[1]), sort[2] === 'a' ? 'ascending' : 'descending');
    if (filter && this.input) { this.input.value = filter; this.filter(filter); }
  }
}

// --- Charts of curves: the numbers under the pointer -----------------------------------------------------------------------

const SVG = 'http://www.w3.org/2000/svg';
function draw(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Where the pointer is in a picture, in its own units. */
const placeIn = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

/** What places an element of a line that is no path. */
const PLACES = { circle: ['cx', 'cy'], line: ['x1', 'y1'] };
const MOST_LINES = 14;
const tip = make('div', 'tip');
tip.setAttribute('role', 'status');

class Chart {
  constructor(svg) {
    this.svg = svg;
    const group = this.group = svg.querySelector('.readings');
    this.drawn = { x: group.dataset.x, y: group.dataset.y };
    // A copy of a picture has the axes that its original was given.
    this.axes = { x: axis(group.dataset.xNow ?? group.dataset.x), y: axis(group.dataset.yNow ?? group.dataset.y) };
    this.effort = group.dataset.effort ?? '';
    this.epochs = stretches(group.dataset.at);
    this.lines = [...group.children].map((line) => ({ ...line.dataset, class: line.getAttribute('class'), texts: line.dataset.v.split(' ') }));
    const frame = group.dataset.y.split(' ').slice(3).map(Number);
    [this.bottom, this.top] = [Math.max(...frame), Math.min(...frame)];
    this.at = -1;
    chartOf.set(svg, this);
  }

  /** The charts that show the same epochs in one section: one crosshair goes through all of them. */
  peers() {
    return [...homeOf(this.svg).querySelectorAll('svg')].map(chart).filter((other) => other && other.effort === this.effort);
  }

  each(line) { return this.effort ? Number(line[this.effort]) : 1; }

  place(line, epoch) { return this.axes.x.at(epoch * this.each(line)); }

  /** Where the pointer is, as an epoch; with other kinds of effort, as what the axis counts. */
  under(event) {
    const { x, y } = placeIn(this.svg, event);
    return { value: this.axes.x.back(x), y };
  }

  /** Of each line its number next to a value of the axis, in the order of the lines on the page. */
  read(value) {
    return this.lines.map((line) => {
      const at = nearest(this.epochs, value / this.each(line)), text = line.texts[at];
      const isThere = text !== '–' && value / this.each(line) < this.epochs.at(-1) + 1;
      return isThere && { line, text, epoch: this.epochs[at], x: this.place(line, this.epochs[at]), y: this.axes.y.at(number(text)) };
    }).filter(Boolean).sort((a, b) => a.y - b.y);
  }

  mark(value) {
    this.unmark();
    const found = this.read(value);
    if (!found.length) return found;
    const cursor = draw('g', { class: 'cursor' }), x = this.effort ? this.axes.x.at(value) : found[0].x;
    cursor.append(draw('line', { x1: x, x2: x, y1: this.top, y2: this.bottom }));
    for (const one of found) {
      if (one.y < this.top - 1 || one.y > this.bottom + 1 || isDim(one.line.run)) continue;
      cursor.append(draw('circle', { class: 'spot ' + one.line.class, cx: one.x, cy: one.y, r: 3 }));
    }
    this.svg.append(cursor);
    return found;
  }

  unmark() { this.svg.querySelector('.cursor')?.remove(); }

  /** The crosshair at a value, and the numbers beside it; `y` chooses among many lines. */
  show(value, y, x) {
    const found = this.mark(value);
    this.peers().forEach((other) => { if (other !== this) other.mark(value); });
    if (!found.length) { hide(this); return; }
    const offered = found.filter((one) => !isDim(one.line.run));
    const near = new Set([...offered].sort((a, b) => (a.line.class === '') - (b.line.class === '') || Math.abs(a.y - y) - Math.abs(b.y - y)).slice(0, MOST_LINES));
    const rows = offered.filter((one) => near.has(one)).map((one) => {
      const row = make('tr');
      const swatch = make('td', ('swatch ' + one.line.class).trim());
      row.append(swatch, make('th', '', one.line.name), make('td', 'n', one.text));
      if (this.effort) row.append(make('td', 'n soft', 'epoch ' + one.epoch));
      return row;
    });
    const table = make('table');
    table.append(...rows);
    const rest = offered.length - rows.length;
    tip.replaceChildren(make('b', '', this.effort ? '' : 'Epoch ' + found[0].epoch), table, ...rest > 0 ? [make('small', '', 'and ' + rest + ' more lines')] : []);
    this.svg.closest('figure').append(tip);
    const box = this.svg.getBoundingClientRect(), home = this.svg.closest('figure').getBoundingClientRect();
    const place = x ?? box.left + found[0].x * box.width / this.svg.viewBox.baseVal.width;
    const left = place + 18 + tip.offsetWidth < Math.min(innerWidth, home.left + Math.max(home.width, 240)) ? place + 14 : Math.max(4, place - 14 - tip.offsetWidth);
    tip.style.left = Math.max(4 - home.left, Math.min(left, innerWidth - tip.offsetWidth - 4) - home.left) + 'px';
    tip.style.top = box.top - home.top + 6 + 'px';
    this.at = this.epochs.indexOf(found[0].epoch);
  }

  key(event) {
    const last = this.epochs.length - 1;
    const to = { ArrowLeft: Math.max(0, this.at - 1), ArrowRight: Math.min(last, this.at + 1), Home: 0, End: last }[event.key];
    if (event.key === 'Escape') hide(this);
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const line = this.lines.reduce((a, b) => (this.each(b) > this.each(a) ? b : a));
    this.show(this.epochs[to] * this.each(line), (this.top + this.bottom) / 2);
    this.at = to;
  }

  /** Other axes: what is drawn is moved from the ones it was drawn on. */
  choose(across, up) {
    const x = across.dataset.x, y = up.dataset.y, from = { x: axis(this.drawn.x), y: axis(this.drawn.y) };
    this.effort = across.dataset.name.split(' ')[0].replace('epoch', '');
    Object.assign(this.group.dataset, { xNow: x, yNow: y, effort: this.effort });
    this.axes = { x: axis(x), y: axis(y) };
    const place = (line) => (px, py) => [this.axes.x.at(from.x.back(px) * this.each(line)), this.axes.y.at(from.y.back(py))];
    for (const line of this.lines) {
      for (const group of this.svg.querySelectorAll('g[data-run="' + CSS.escape(line.run) + '"]:not(.readings *)')) {
        for (const element of group.children) {
          const names = PLACES[element.nodeName];
          if (!names && element.nodeName !== 'path') continue;
          element.dataset.as ??= names ? names.map((name) => element.getAttribute(name)).join(' ') : element.getAttribute('d');
          const now = moved(element.dataset.as, place(line));
          if (names) now.split(' ').forEach((value, i) => element.setAttribute(names[i], value)); else element.setAttribute('d', now);
        }
      }
    }
    const [xAxis, yAxis] = [this.svg.querySelector('.x-axis'), this.svg.querySelector('.y-axis')];
    const ticks = (choice) => choice.dataset.ticks.split(' ').filter(Boolean).map((tick) => [Number(tick.slice(0, tick.indexOf(':'))), tick.slice(tick.indexOf(':') + 1)]);
    const ends = x.split(' ').slice(3).map(Number), middle = xAxis.lastElementChild.getAttribute('x');
    xAxis.replaceChildren(...ticks(across).flatMap(([at, text]) => [
      draw('line', { class: 'axis', x1: at, x2: at, y1: this.bottom, y2: this.bottom + 4 }),
      draw('text', { class: 'tick', x: at, y: this.bottom + 17, 'text-anchor': 'middle' }, text),
    ]), draw('text', { class: 'tick', x: middle, y: this.bottom + 32, 'text-anchor': 'middle' }, across.dataset.name + (x.startsWith('log') ? ', logarithmic' : '')));
    yAxis.replaceChildren(...ticks(up).flatMap(([at, text]) => [
      draw('line', { class: 'grid', x1: ends[0] - 6, x2: ends[1] + 8, y1: at, y2: at }),
      draw('text', { class: 'tick', x: ends[0] - 12, y: at + 4, 'text-anchor': 'end' }, text),
    ]));
    hide(this);
  }
}

const chartOf = new WeakMap();
/** The chart of a picture, made when it is first asked for; nothing if its numbers cannot be read. */
const chart = (svg) => svg && (chartOf.get(svg) ?? (svg.querySelector('.readings') ? new Chart(svg) : undefined));

let shown;
function hide(of) {
  of?.peers().forEach((other) => other.unmark());
  tip.remove();
  shown = undefined;
}

function point(event) {
  const found = chart(event.target.closest?.('svg'));
  if (shown && shown !== found) hide(shown);
  if (!found) return;
  const { value, y } = found.under(event);
  shown = found;
  found.show(value, y, event.clientX);
}

/** Of a section the figures that were drawn first, where a reader has chosen others. */
const firstDrawn = new WeakMap();

/** The choice of axes, and of what a line is, above the pictures of all runs in a section. */
function offerAxes(home) {
  const charts = () => [...home.querySelectorAll('svg')].filter((svg) => svg.querySelector('.x-choice'));
  const first = charts()[0], key = home.id + '.axes', byKey = home.id + '.by';
  if (!first || home.querySelector('.axes')) return;
  const row = first.closest('figure').parentElement;
  const names = [...new Set([...first.querySelectorAll('.x-choice')].map((choice) => choice.dataset.name))];
  const select = make('select'), by = make('select'), isLog = make('input'), isLogUp = make('input');
  select.append(...names.map((name) => make('option', '', name)));
  isLog.type = isLogUp.type = 'checkbox';
  isLog.checked = first.querySelector('.readings').dataset.x.startsWith('log');
  const words = () => [select.value.split(' ')[0], isLog.checked && 'log', isLogUp.checked && 'up'].filter(Boolean).join(' ');
  const asDrawn = words();
  const apply = () => {
    for (const svg of charts()) {
      const pick = (selector, of, log) => {
        const choices = [...svg.querySelectorAll(selector)];
        return choices.find((choice) => choice.dataset[of].startsWith('log') === log) ?? choices[0];
      };
      // What is not known of all its lines cannot be its axis.
      const across = pick('.x-choice[data-name="' + CSS.escape(select.value) + '"]', 'x', isLog.checked) ?? pick('.x-choice', 'x', isLog.checked);
      chart(svg).choose(across, pick('.y-choice', 'y', isLogUp.checked));
      svg.closest('figure').classList.toggle('chosen', words() !== asDrawn);
    }
    remember(key, words() === asDrawn ? '' : words());
    sideBySide();
  };
  const groups = [...home.querySelectorAll(':scope > template.choice')];
  const group = () => {
    if (!firstDrawn.has(home)) firstDrawn.set(home, [...row.childNodes]);
    const chosen = groups.find((choice) => choice.dataset.name === by.value);
    row.replaceChildren(...chosen ? chosen.content.cloneNode(true).childNodes : firstDrawn.get(home));
    if (!chosen) firstDrawn.delete(home);
    home.classList.toggle('grouped', Boolean(chosen));
    charts().forEach((svg) => { svg.tabIndex = 0; });
    remember(byKey, chosen ? by.value : '');
    if (words() !== asDrawn) apply();
    markPins(row);
  };
  const labelled = (text, input, onChange, isBefore) => {
    const label = make('label', 'ask');
    label.append(...isBefore ? [input, ' ' + text] : [text + ' ', input]);
    input.addEventListener('change', onChange);
    return label;
  };
  const line = make('p', 'asking axes');
  line.append(labelled('Across', select, apply), labelled('logarithmic', isLog, apply, true), labelled('upwards logarithmic', isLogUp, apply, true));
  if (groups.length) {
    by.append(make('option', '', 'run'), ...groups.map((choice) => make('option', '', choice.dataset.name)));
    line.prepend(labelled('A line for each', by, group));
  }
  row.before(line);
  const chosen = known.state.get(key)?.split(' ');
  if (groups.some((choice) => choice.dataset.name === known.state.get(byKey))) {
    by.value = known.state.get(byKey);
    group();
  }
  if (chosen) {
    select.value = names.find((name) => name.startsWith(chosen[0])) ?? names[0];
    [isLog.checked, isLogUp.checked] = [chosen.includes('log'), chosen.includes('up')];
    apply();
  }
}

// --- Parallel axes: a stretch of an axis chooses the lines through it --------------------------------------------------------

const HINT = 'Draw along an axis to choose the trials through it; a click on the axis lets them go.';

class Brush {
  constructor(svg) {
    this.svg = svg;
    this.lines = [...svg.querySelectorAll('.thread')].flatMap((path) => threads(path.getAttribute('d')));
    this.axes = this.lines[0]?.places.map(([x]) => x) ?? [];
    /** Of each axis the stretch that is chosen. */
    this.ranges = new Map();
    this.said = make('p', 'small');
    this.said.setAttribute('role', 'status');
    this.said.textContent = HINT;
    svg.closest('figure').append(this.said);
    svg.addEventListener('pointerdown', (event) => this.begin(event));
  }

  begin(event) {
    if (event.pointerType === 'touch' || event.button) return;
    const { x, y } = placeIn(this.svg, event), at = this.axes.findIndex((axis) => Math.abs(axis - x) < 16);
    if (at < 0) return;
    event.preventDefault();
    this.ranges.delete(at);
    const move = (next) => {
      const to = placeIn(this.svg, next).y;
      if (Math.abs(to - y) > 3) this.ranges.set(at, [Math.min(y, to), Math.max(y, to)]);
      this.show();
    };
    const end = () => { removeEventListener('pointermove', move); removeEventListener('pointerup', end); this.show(); };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
  }

  show() {
    this.svg.querySelectorAll('.brush, .chosen').forEach((element) => element.remove());
    this.svg.classList.toggle('brushed', this.ranges.size > 0);
    if (!this.ranges.size) { this.said.textContent = HINT; return; }
    const chosen = this.lines.filter((line) => within(line, this.ranges));
    this.svg.append(draw('path', { class: 'thread chosen', d: chosen.map((line) => line.d).join('') }));
    for (const [at, [from, to]] of this.ranges) this.svg.append(draw('rect', { class: 'brush', x: this.axes[at] - 6, width: 12, y: from, height: to - from }));
    this.said.textContent = chosen.length + ' of ' + this.lines.length + ' trials go through what is chosen.';
  }
}

// --- Pinned runs side by side ----------------------------------------------------------------------------------------------

const MOST_PINS = 6;
/** The ids of pinned runs, in the order in which they were pinned; the first is the baseline. */
const pins = new Set();
let all = { runs: [] }, places = new Map();
/** What the page knows of runs side by side. */
function readRuns(template) {
  if (!template) return;
  all = JSON.parse(template.content.textContent);
  places = new Map(all.runs.map((run, at) => [run.id, at]));
}
readRuns(document.getElementById('pinned-runs'));
const compared = make('section');
Object.assign(compared, { id: 'pinned', hidden: true });

/** Whether a run stands back behind pinned ones. */
const isDim = (id) => pins.size > 1 && places.has(id) && !pins.has(id);

function pinButton(id) {
  const button = make('button', 'pin', '☆');
  Object.assign(button, { type: 'button', title: 'pin, to see it beside others' });
  button.dataset.pin = id;
  button.setAttribute('aria-label', 'pin ' + all.runs[places.get(id)].name);
  button.addEventListener('click', (event) => { event.preventDefault(); pin(id); });
  return button;
}

/** A name in the address: `|` separates them. */
const pinName = (id) => all.runs[places.get(id)].name.replace(/[|\\]/g, '\\$&');

function pin(id) {
  const others = [...pins].filter((one) => one !== id);
  setPins(pins.has(id) ? others : [...others, id].slice(0, MOST_PINS));
}

/** These runs and no others, the baseline first. */
function setPins(ids) {
  pins.clear();
  ids.forEach((id) => pins.add(id));
  remember('pins', ids.map(pinName).join('|'));
  sideBySide();
  markPins(document);
}

/** What is pinned, on the buttons and in the charts of a part of the page. */
function markPins(root) {
  root.querySelectorAll('button[data-pin]').forEach((button) => {
    const isPinned = pins.has(button.dataset.pin);
    button.textContent = isPinned ? '★' : '☆';
    button.setAttribute('aria-pressed', isPinned);
    button.disabled = !isPinned && pins.size >= MOST_PINS;
  });
  root.querySelectorAll('g[data-run]:not(.readings *)').forEach((group) => {
    group.classList.toggle('dim', isDim(group.dataset.run));
    group.classList.toggle('pinned', pins.has(group.dataset.run));
  });
}

const MOST_IMAGES = 12;

/** Test images that some of the runs get right and others do not, with what each takes them for. */
function disputed(ids) {
  const at = ids.map((id) => places.get(id));
  const said = (image) => at.map((place) => image.taken[place]).filter((taken) => taken !== null);
  const shown = all.images.filter((image) => new Set(said(image).map((taken) => taken === image.truth)).size > 1).slice(0, MOST_IMAGES);
  if (!shown.length) return [];
  const list = make('ul', 'examples disputed');
  for (const image of shown) {
    const item = make('li'), picture = make('img');
    Object.assign(picture, { src: image.png, alt: image.about });
    item.append(picture, make('b', '', all.classes[image.truth]));
    ids.forEach((id, i) => {
      const taken = image.taken[at[i]];
      if (taken !== null) item.append(make('span', taken === image.truth ? '' : 'outside', (i + 1) + (taken === image.truth ? ' ✓' : ' ' + all.classes[taken])));
    });
    list.append(item);
  }
  return [make('h3', '', 'Test images on which they disagree'), make('p', 'small', 'Of those on which the runs of this study are divided most evenly; what each takes them for, by its number above.'), list];
}

/** The section of pinned runs: the settings that differ, the results, the curves, and the verdict of each against the first. */
function sideBySide() {
  compared.hidden = !pins.size;
  const ids = [...pins], runs = ids.map((id) => all.runs[places.get(id)]);
  if (!runs.length) { compared.replaceChildren(); return; }
  const table = make('table'), head = make('tr'), body = make('tbody');
  const columns = differing(runs);
  const th = (text, name = '') => Object.assign(make('th', name, text), { scope: 'col' });
  head.append(th('Run'), ...columns.map((at) => th(all.settings[at])), ...all.results.map((text) => th(text, 'n')), th(''));
  table.append(make('thead'), body);
  table.tHead.append(head);
  runs.forEach((run, i) => {
    const row = make('tr'), name = Object.assign(make('th', 'name'), { scope: 'row' });
    const link = Object.assign(make('a', '', run.name), { href: '#' + run.id });
    name.append(pinButton(run.id), (i + 1) + ' ', link, ...i ? [] : [make('small', '', 'the baseline')]);
    const change = make('td');
    if (i) {
      const button = make('button', 'sort plain', 'make it the baseline');
      button.type = 'button';
      button.addEventListener('click', () => setPins([run.id, ...ids.filter((id) => id !== run.id)]));
      change.append(button);
    }
    row.append(name, ...columns.map((at) => make('td', run.settings[at] === runs[0].settings[at] && i ? 'soft' : '', run.settings[at])),
      ...run.results.map((text) => make('td', 'n', text)), change);
    body.append(row);
  });
  const scroll = make('div', 'scroll');
  scroll.append(table);
  const words = make('ul', 'findings');
  for (const run of runs.slice(1)) {
    const ends = [places.get(ids[0]), places.get(run.id)];
    const pair = all.pairs.find(([a, b]) => ends.includes(a) && ends.includes(b));
    words.append(make('li', '', pair ? pair[2] : run.name + ' and ' + runs[0].name + ' were not compared in this report.'));
  }
  const figures = make('div', 'pair');
  const learning = document.getElementById('learning');
  const drawn = learning && runs.length > 1 ? (firstDrawn.get(learning) ?? [learning]).flatMap((node) => [...node.querySelectorAll?.('svg') ?? []]) : [];
  for (const svg of drawn.filter((one) => one.querySelector('.readings'))) {
    const copy = svg.cloneNode(true), lines = copy.querySelectorAll('[data-run]');
    copy.querySelector('.cursor')?.remove();
    lines.forEach((line) => { if (!pins.has(line.dataset.run)) line.remove(); });
    const figure = make('figure');
    figure.append(copy, make('figcaption', '', svg.querySelector('title').textContent.replace('all runs', 'the pinned runs')));
    figures.append(figure);
  }
  const lead = make('p', 'small', columns.length ? 'The settings in which they differ, and their results.' : runs.length > 1 ? 'They differ in no setting of the short table.' : 'Pin another run to see both side by side.');
  if (all.notice) lead.append(' ', make('em', '', '(' + all.notice + ')'));
  compared.replaceChildren(make('h2', '', 'Pinned runs'), lead, scroll, words, figures, ...disputed(ids));
}

// --- All of it -------------------------------------------------------------------------------------------------------------

const known = read(location.hash);
section = known.section;
let tables = [];
/** Offers what this part of the page can answer; again whenever a part has been put in the place of an older one. */
function attach(root) {
  tables = tables.filter((one) => one.table.isConnected);
  for (const table of root.querySelectorAll('table')) {
    if (!table.closest('main') || !table.tHead || !table.tBodies[0] || compared.contains(table)) continue;
    const home = homeOf(table);
    const place = home ? [...home.querySelectorAll('table')].filter((other) => homeOf(other) === home).indexOf(table) : 0;
    const one = new Table(table, (home?.id ?? 'page') + '.' + place);
    tables.push(one);
    one.offer();
    one.restore(known.state);
  }
  for (const svg of root.querySelectorAll('svg')) {
    if (!svg.querySelector('.readings') || svg.closest('a') || compared.contains(svg)) continue;
    svg.tabIndex = 0;
    offerAxes(homeOf(svg));
  }
  for (const svg of root.querySelectorAll('svg.parallel')) new Brush(svg);
  for (const link of root.querySelectorAll('#ranking tbody .name > a, #ranking tbody th > a')) {
    const id = link.getAttribute('href').slice(1);
    if (places.has(id)) link.before(pinButton(id), ' ');
  }
}
/** Finds a run or a search in the list of contents. */
function offerSearch() {
  const links = [...document.querySelectorAll('nav li li')];
  if (links.length < 12) return;
  const input = make('input', 'seek');
  Object.assign(input, { type: 'search', placeholder: 'find a run', spellcheck: false, autocomplete: 'off' });
  input.setAttribute('aria-label', 'find a run in the contents');
  input.addEventListener('input', () => links.forEach((link) => { link.hidden = !link.textContent.toLowerCase().includes(input.value.trim().toLowerCase()); }));
  input.addEventListener('keydown', (event) => { if (event.key === 'Enter') links.find((link) => !link.hidden)?.querySelector('a').click(); });
  document.querySelector('nav').prepend(input);
}
document.querySelector('#ranking')?.after(compared);
document.documentElement.classList.add('explored');
attach(document);
offerSearch();
const wanted = (known.state.get('pins') ?? '').split(/(?<!\\)\|/).map((name) => all.runs.find((run) => run.name === name.replace(/\\(.)/g, '$1'))?.id);
if (wanted.some(Boolean)) setPins(wanted.filter(Boolean).slice(0, MOST_PINS));
if (known.state.size) document.getElementById(known.section)?.scrollIntoView();
// A part of the page has been put in the place of an older one: what was asked of that is asked of this.
document.addEventListener('toile-renewed', ({ detail: part }) => {
  known.state = new Map(state);
  if (part.id === 'pinned-runs') readRuns(part);
  if (part.nodeName === 'NAV') offerSearch();
  attach(part);
  markPins(part);
  if (part.id === 'pinned-runs' || part.id === 'learning') setPins([...pins].filter((id) => places.has(id)));
});

/** What a fold holds packed is made: once, when it is opened. */
function makeWhole(fold) {
  const packed = fold.dataset.whole;
  if (!packed) return;
  delete fold.dataset.whole;
  const html = new TextDecoder().decode(inflated(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0))));
  fold.append(...document.adoptNode(new DOMParser().parseFromString(html, 'text/html').body).childNodes);
  attach(fold);
}
document.addEventListener('toggle', ({ target }) => { if (target.open && target.matches('.whole')) makeWhole(target); }, true);
addEventListener('beforeprint', () => document.querySelectorAll('.whole').forEach(makeWhole));

addEventListener('pointermove', point, { passive: true });
addEventListener('pointerdown', point, { passive: true });
document.addEventListener('focusout', (event) => { const found = chart(event.target.closest?.('svg')); if (found) hide(found); });
addEventListener('hashchange', () => {
  section = read(location.hash).section;
  if (state.size) history.replaceState(null, '', written(section, state));
});
addEventListener('keydown', (event) => {
  const isTyping = event.target.closest?.('input, textarea, [contenteditable]');
  const found = chart(event.target.closest?.('svg'));
  if (found) found.key(event);
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const input = tables.find((table) => table.input?.offsetParent)?.input;
    if (input) { event.preventDefault(); input.focus(); }
  }
  if (event.key === 'Escape' && isTyping?.type === 'search' && isTyping.value) {
    isTyping.value = '';
    isTyping.dispatchEvent(new Event('input'));
  }
  if (event.key === 'Escape' && shown) hide(shown);
});
})();
