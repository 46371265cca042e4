// Makes the tables of a report answer: sort by a column, filter by words and bounds, the view in the address. Without it every table
// stands as it was written. It selects, sorts and places; it computes, rounds and writes no number of the study.
(() => {
'use strict';

// --- What needs no page -------------------------------------------------------------------------------------------------

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
    if (bound) terms.push({ not: minus === '-', column: bound[1], op: bound[2], value: bound[3].replace(/^"|"$/g, '') });
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

function holds(row, term, titles) {
  if (term.word !== undefined) return row.text.includes(term.word);
  const cell = row.cells[place(titles, term.column)], bound = number(term.value);
  const op = term.op === '!=' ? '=' : term.op;
  const is = bound !== null && cell.value !== null ? compare[op](cell.value, bound)
    : op === '=' && cell.text.toLowerCase().includes(term.value.toLowerCase());
  return term.op === '!=' ? !is : is;
}

/** Which rows a filter keeps; or the word for a column that is not there. */
function kept(rows, filter, titles) {
  const terms = parse(filter);
  const odd = terms.find((term) => term.column !== undefined && place(titles, term.column) < 0);
  if (odd) return { unknown: odd.column };
  return { rows: rows.map((row) => terms.every((term) => holds(row, term, titles) !== term.not)) };
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

/** The order of rows by a column; rows without a value come last both ways, equal ones stay as they were. */
function order(rows, column, direction) {
  const isNumeric = rows.some((row) => row.cells[column].value !== null);
  const has = (row) => (isNumeric ? row.cells[column].value !== null : row.cells[column].text !== '–' && row.cells[column].text !== '');
  const by = (a, b) => (isNumeric ? a.cells[column].value - b.cells[column].value : natural(a.cells[column].text, b.cells[column].text));
  const sign = direction === 'descending' ? -1 : 1;
  return rows.map((row, at) => ({ row, at })).sort((a, b) =>
    (has(b.row) - has(a.row)) || (has(a.row) ? sign * by(a.row, b.row) : 0) || a.at - b.at).map(({ at }) => at);
}

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

if (typeof module !== 'undefined') { module.exports = { number, parse, place, kept, natural, order, written, read }; return; }

// --- The page -----------------------------------------------------------------------------------------------------------

const make = (tag, name, text = '') => Object.assign(document.createElement(tag), { className: name, textContent: text });
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
    this.input = make('input', '');
    Object.assign(this.input, { type: 'search', placeholder: 'words, column>number', spellcheck: false, autocomplete: 'off' });
    this.said = make('output', '');
    this.input.addEventListener('input', () => this.filter(this.input.value));
    label.append(this.input);
    const line = make('p', 'asking');
    line.append(label, this.said);
    this.table.closest('.scroll').before(line);
  }

  /** Numbers begin with the largest, words with the first; a third time gives the order as written. */
  next(column) {
    const isNumeric = this.rows.some((row) => row.cells[column].value !== null);
    const ways = isNumeric ? ['descending', 'ascending', ''] : ['ascending', 'descending', ''];
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

const known = read(location.hash);
section = known.section;
const counts = new Map();
const tables = [...document.querySelectorAll('main table')].filter((table) => table.tHead && table.tBodies[0]).map((table) => {
  const home = table.closest('article[id], section[id]')?.id ?? 'page', at = counts.get(home) ?? 0;
  counts.set(home, at + 1);
  return new Table(table, home + '.' + at);
});
document.documentElement.classList.add('explored');
tables.forEach((table) => { table.offer(); table.restore(known.state); });
if (known.state.size) document.getElementById(known.section)?.scrollIntoView();

addEventListener('hashchange', () => {
  section = read(location.hash).section;
  if (state.size) history.replaceState(null, '', written(section, state));
});
addEventListener('keydown', (event) => {
  const isTyping = event.target.closest?.('input, textarea, [contenteditable]');
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const input = tables.find((table) => table.input?.offsetParent)?.input;
    if (input) { event.preventDefault(); input.focus(); }
  }
  if (event.key === 'Escape' && isTyping?.type === 'search' && isTyping.value) {
    isTyping.value = '';
    isTyping.dispatchEvent(new Event('input'));
  }
});
})();
