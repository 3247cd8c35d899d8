// Tables of more than eight rows can be filtered, and sorted by a column. Without this script a page is complete.
// In JupyterLab every notebook brings it, and tables come while cells run: it works once, and watches for more.
(() => {
  'use strict';
  if (window.migratorTables) return;
  window.migratorTables = true;
  const ABOVE = 8;
  const TABLES = ['main', '.migrator-shown'].flatMap(at => [`${at} table.data`, `${at} table.dataframe`]).join();
  const SECONDS = {ms: 0.001, s: 1, min: 60, h: 3600, d: 86400};
  const BYTES = {bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12};
  const words = new Intl.Collator('en', {numeric: true, sensitivity: 'base'});
  const make = (name, given) => Object.assign(document.createElement(name), given);
  let numbers = 0;

  // Each reads one kind of text as a number; what it cannot read is NaN.
  const plain = text => /^[+\u2212-]?[\d,]*\.?\d+ ?%?$/.test(text)
    ? Number(text.replace(/[,% ]/g, '').replace('\u2212', '-')) : NaN;
  const moment = text => /^\d{4}-\d\d(-\d\d)?\b/.test(text)
    ? Number(text.replace(/\D/g, '').padEnd(14, '0').slice(0, 14)) : NaN;
  const measured = units => told => {
    const text = told.replace(/^about /, '');
    const parts = [...text.matchAll(/([\d,]*\.?\d+) ?([A-Za-z]+) ?/g)];
    const isWhole = parts.map(part => part[0]).join('') === text;
    const known = parts.every(part => Object.hasOwn(units, part[2]));
    if (!parts.length || !isWhole || !known) return NaN;
    return parts.reduce((sum, part) => sum + Number(part[1].replaceAll(',', '')) * units[part[2]], 0);
  };
  const KINDS = [plain, moment, measured(SECONDS), measured(BYTES)];

  const textOf = cell => (cell ? cell.textContent.trim() : '');

  // How two values of a column compare: as numbers where most of it are of one kind, with words behind them.
  const column = (rows, at) => {
    const texts = rows.map(row => textOf(row.cells[at]));
    const given = texts.filter(text => text);
    const kind = KINDS.find(read => 2 * given.filter(text => !Number.isNaN(read(text))).length > given.length);
    const key = text => {
      const number = kind && text ? kind(text) : NaN;
      return Number.isNaN(number) ? text : number;
    };
    const keys = new Map(rows.map((row, n) => [row, key(texts[n])]));
    const isWord = value => typeof value === 'string';
    const compare = (a, b) => {
      if (isWord(a) && isWord(b)) return words.compare(a, b);
      return isWord(a) || isWord(b) ? isWord(a) - isWord(b) : a - b;
    };
    return {keys, compare};
  };

  const sorted = (rows, at, way) => {
    const {keys, compare} = column(rows, at);
    return [...rows].sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      if (a === '' || b === '') return (a === '') - (b === '');  // what is empty stays last
      return way * compare(a, b);
    });
  };

  const sortable = (table, rows) => {
    const heads = [...table.tHead.rows[0].cells];
    const press = (head, at) => {
      const next = {ascending: 'descending', descending: ''}[head.getAttribute('aria-sort')] ?? 'ascending';
      heads.forEach(one => one.removeAttribute('aria-sort'));
      if (next) head.setAttribute('aria-sort', next);
      const all = document.createDocumentFragment();
      all.append(...(next ? sorted(rows, at, next === 'ascending' ? 1 : -1) : rows));
      table.tBodies[0].append(all);
    };
    heads.forEach((head, at) => {
      if (!textOf(head)) return;
      const button = make('button', {type: 'button', className: 'sort', title: 'Sort by this column'});
      button.append(...head.childNodes);
      button.addEventListener('click', () => press(head, at));
      head.append(button);
    });
  };

  const filterable = (table, rows) => {
    const all = rows.length.toLocaleString('en');
    const count = make('span', {role: 'status', textContent: `${all} rows`});
    const field = make('input', {type: 'search', id: `filter-${++numbers}`, autocomplete: 'off', spellcheck: false});
    const label = make('label', {htmlFor: field.id, textContent: 'Filter'});
    const name = textOf(table.caption);
    if (name) field.setAttribute('aria-label', `Filter: ${name}`);
    let texts = null;
    field.addEventListener('input', () => {
      texts ??= rows.map(row => [...row.cells].map(textOf).join(' ').toLowerCase());
      const wanted = field.value.toLowerCase().split(/\s+/).filter(word => word);
      let shown = 0;
      rows.forEach((row, n) => {
        const fits = wanted.every(word => texts[n].includes(word));
        row.classList.toggle('left-out', !fits);
        shown += fits;
      });
      count.textContent = wanted.length ? `${shown.toLocaleString('en')} of ${all} rows` : `${all} rows`;
    });
    const line = make('div', {className: 'table-filter'});
    line.append(label, field, count);
    (table.closest('.scroll') ?? table).before(line);
  };

  const improve = table => {
    if (table.dataset.improved || !table.tHead?.rows.length || !table.tBodies.length) return;
    const rows = [...table.tBodies[0].rows];
    if (rows.length <= ABOVE) return;
    table.dataset.improved = 'yes';
    sortable(table, rows);
    filterable(table, rows);
  };

  const look = () => document.querySelectorAll(TABLES).forEach(improve);
  const begin = () => {
    look();
    new MutationObserver(changes => {
      const brings = node => node.nodeType === Node.ELEMENT_NODE && (node.matches('table') || node.querySelector('table'));
      if (changes.some(change => [...change.addedNodes].some(brings))) look();
    }).observe(document.body, {childList: true, subtree: true});
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
