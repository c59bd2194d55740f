/* Sorting, filtering and paging of what stands in the page already, and the drawing. No text is ever parsed as
   markup here: elements are made with createElement, texts are set with textContent. */
"use strict";

const PAGE = 25;
const ROWS_AT_FIRST = 50;
const root = document.documentElement;
root.classList.add("js");

const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const many = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const searchBox = (label) => {
  const wrapper = make("label", label);
  const input = make("input", "", { type: "search", autocomplete: "off", spellcheck: "false" });
  wrapper.append(input);
  return [wrapper, input];
};

/* Tables */

const sortKey = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.v ?? cell.textContent.trim();
};

const sortTable = (table, header, state) => {
  const column = header.cellIndex;
  const down = header.getAttribute("aria-sort") === "ascending";
  for (const other of header.parentElement.cells) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const order = new Intl.Collator("en", { numeric: true });
  state.rows.sort((a, b) => order.compare(sortKey(a, column), sortKey(b, column)) * (down ? -1 : 1));
  table.tBodies[0].append(...state.rows);
};

const showRows = (state) => {
  const wanted = state.input ? state.input.value.trim().toLowerCase() : "";
  const matching = wanted
    ? state.rows.filter((row) => row.textContent.toLowerCase().includes(wanted))
    : state.rows;
  const shown = new Set(state.all ? matching : matching.slice(0, ROWS_AT_FIRST));
  for (const row of state.rows) row.hidden = !shown.has(row);
  if (!state.count) return;
  state.count.textContent = `${shown.size.toLocaleString("en")} of ${many(state.rows.length, "row")}`;
  state.more.hidden = shown.size === matching.length;
};

const prepareTable = (table) => {
  const state = { rows: [...table.tBodies[0].rows], all: false };
  if (state.rows.length < 2) return;
  table.classList.add("sorts");
  for (const header of table.tHead.rows[0].cells) {
    const button = make("button", header.textContent, { type: "button" });
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      sortTable(table, header, state);
      showRows(state);
    });
  }
  if (state.rows.length > 5) {
    const tools = make("div", "", { class: "tools" });
    const [label, input] = searchBox("Filter");
    state.input = input;
    state.count = make("output", "", { "aria-live": "polite" });
    state.more = make("button", "Show all rows", { type: "button" });
    tools.append(label, state.count, state.more);
    table.before(tools);
    input.addEventListener("input", () => showRows(state));
    state.more.addEventListener("click", () => {
      state.all = true;
      showRows(state);
    });
  }
  showRows(state);
};

/* Findings: all elements are kept, those of one page stand in the document. */

const prepareFindings = (list) => {
  const extra = document.getElementById("finding-more");
  const inline = [...list.children];
  const number = (element) => Number(element.id.slice("finding-".length));
  const all = [...inline, ...(extra ? extra.content.children : [])].sort((a, b) => number(a) - number(b));
  extra?.remove();
  for (const element of all) element.open = false;
  const state = { page: 0, flow: null, matching: all };

  const tools = make("div", "", { class: "tools" });
  const [label, input] = searchBox("Filter");
  const count = make("output", "", { "aria-live": "polite" });
  const flow = make("button", "", { type: "button" });
  const back = make("button", "Previous", { type: "button" });
  const next = make("button", "Next", { type: "button" });
  const unfold = make("button", "Unfold all here", { type: "button" });
  tools.append(label, flow, count, back, next, unfold);
  list.before(tools);

  const show = () => {
    const first = state.page * PAGE;
    const shown = state.matching.slice(first, first + PAGE);
    list.replaceChildren(...shown);
    const range = shown.length ? `${first + 1} to ${first + shown.length} of ` : "";
    count.textContent = `${range}${many(state.matching.length, "finding")}`;
    back.disabled = state.page === 0;
    next.disabled = first + PAGE >= state.matching.length;
    back.hidden = next.hidden = state.matching.length <= PAGE;
    flow.hidden = state.flow === null;
    flow.textContent = state.flow === null ? "" : `Only flow ${Number(state.flow) + 1} ✕`;
    unfold.textContent = shown.some((element) => !element.open) ? "Unfold all here" : "Fold all here";
  };
  const filter = () => {
    const wanted = input.value.trim().toLowerCase();
    state.matching = all.filter(
      (element) =>
        (state.flow === null || element.dataset.flow === state.flow) &&
        (!wanted || element.textContent.toLowerCase().includes(wanted)),
    );
    state.page = 0;
    show();
  };
  const turn = (by) => () => {
    state.page += by;
    show();
    list.parentElement.scrollIntoView();
  };
  const reveal = (id) => {
    const element = all.find((one) => one.id === id);
    if (!element) return;
    if (!state.matching.includes(element)) {
      state.flow = null;
      input.value = "";
      filter();
    }
    state.page = Math.floor(state.matching.indexOf(element) / PAGE);
    element.open = true;
    show();
    element.scrollIntoView();
    element.querySelector("summary").focus({ preventScroll: true });
  };

  input.addEventListener("input", filter);
  back.addEventListener("click", turn(-1));
  next.addEventListener("click", turn(1));
  flow.addEventListener("click", () => {
    state.flow = null;
    filter();
  });
  unfold.addEventListener("click", () => {
    const shown = [...list.children];
    const open = shown.some((element) => !element.open);
    for (const element of shown) element.open = open;
    show();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-show-flow]");
    if (!link) return;
    state.flow = link.dataset.showFlow;
    input.value = "";
    filter();
    reveal(link.hash.slice(1));
  });
  addEventListener("hashchange", () => reveal(location.hash.slice(1)));

  /* Paper gets the findings that stand in the page without scripts, unfolded. */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = inline.filter((element) => !element.open);
    for (const element of opened) element.open = true;
    list.replaceChildren(...inline);
  });
  addEventListener("afterprint", () => {
    for (const element of opened) element.open = false;
    show();
  });
  show();
  if (location.hash) reveal(location.hash.slice(1));
};

/* The drawing. Colours are CSS variables, so that it follows the theme and the paper by itself. */

const prepareDrawing = (figure) => {
  const data = JSON.parse(document.getElementById("drawing-data").textContent);
  const canvas = figure.querySelector(".canvas");
  const labels = new Map(data.nodes.map((node) => [node.key, node.label]));
  const tallest = Math.max(...[0, 1, 2].map((column) => data.nodes.filter((n) => n.column === column).length));
  const font = getComputedStyle(document.body).fontFamily;

  const option = (width) => {
    const narrow = width < 600;
    const label = {
      color: "var(--ink)",
      fontFamily: font,
      fontSize: width < 720 ? 11 : 13,
      overflow: "truncate",
      formatter: (item) => labels.get(item.name),
    };
    return {
      animation: false,
      series: {
        type: "sankey",
        left: 0, right: 0, top: 8, bottom: 10,
        nodeGap: narrow ? 12 : 14,
        nodeWidth: narrow ? 6 : 10,
        draggable: false,
        emphasis: { disabled: true },
        data: data.nodes.map((node) => ({
          name: node.key,
          depth: node.column,
          itemStyle: { color: "var(--muted)", borderWidth: 0 },
          label: {
            ...label,
            position: node.column === 2 ? "left" : "right",
            width: width * [0.42, 0.25, 0.21][node.column], // the last two share one band
          },
        })),
        links: data.bands.map((band) => ({
          source: band.source,
          target: band.target,
          value: band.value,
          lineStyle: { color: `var(--${band.severity})`, opacity: 0.28, curveness: 0.5 },
        })),
      },
    };
  };

  figure.hidden = false;
  const height = Math.min(460, Math.max(150, tallest * 36));
  let chart = null;
  const draw = (width) => {
    if (width < 1) return; // not laid out, as while a page is being resized: ECharts divides by it
    chart ??= window.echarts.init(canvas, null, { renderer: "svg", width, height });
    chart.resize({ width, height });
    chart.setOption(option(width), true);
    const svg = canvas.querySelector("svg");
    svg.setAttribute("aria-hidden", "true");
  };
  draw(figure.clientWidth);
  new ResizeObserver(() => {
    if (!matchMedia("print").matches && chart?.getWidth() !== figure.clientWidth) draw(figure.clientWidth);
  }).observe(figure);
  addEventListener("beforeprint", () => draw(680));
  addEventListener("afterprint", () => draw(figure.clientWidth));
};

for (const table of document.querySelectorAll("table.data")) prepareTable(table);
const list = document.getElementById("finding-list");
if (list) prepareFindings(list);
const figure = document.getElementById("drawing");
if (figure) prepareDrawing(figure);
