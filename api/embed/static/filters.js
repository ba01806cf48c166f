// Refinements of a session: what its results hold, with counts. They cost nothing.

import { count, h, icon, show } from "./dom.js";

const MENUS = [
  ["industries", "Industry"],
  ["levels", "Seniority"],
  ["employeeRanges", "Company size"],
  ["states", "State"],
];
const CONTACTS = [
  ["hasBusinessEmail", "E-mail"],
  ["hasMobilePhone", "Phone"],
  ["hasLinkedinUrl", "LinkedIn"],
];
const SHORT = 6;

export const noFilters = () => ({});

export function filtersSet(filters) {
  return Object.values(filters).flat().length;
}

/** The filters with a value of a menu set, or not set any more. */
function toggled(filters, name, value) {
  const values = filters[name] ?? [];
  const rest = values.filter((each) => each !== value);
  const next = { ...filters, [name]: rest.length < values.length ? rest : [...values, value] };
  if (next[name].length === 0) delete next[name];
  return next;
}

function flagged(filters, name) {
  const next = { ...filters, [name]: true };
  if (filters[name]) delete next[name];
  return next;
}

const opened = new Set();

function option(key, label, amount, checked, toggle) {
  return h(
    "li",
    {},
    h(
      "label",
      { class: "option" },
      h("input", { type: "checkbox", "data-key": key, checked, onchange: toggle }),
      h("span", { class: "option-label" }, label),
      amount !== null && h("span", { class: "option-count" }, count(amount)),
    ),
  );
}

function menu(name, title, values, state, refine, again) {
  const chosen = state.filters[name] ?? [];
  const known = new Set(values.map((each) => each.value));
  const missing = chosen.filter((value) => !known.has(value));
  const all = [...values, ...missing.map((value) => ({ value, label: value, count: 0 }))];
  if (all.length === 0) return null;
  const shown = opened.has(name)
    ? all
    : all.filter((each, index) => index < SHORT || chosen.includes(each.value));
  const toggleMore = () => {
    if (!opened.delete(name)) opened.add(name);
    again();
  };
  return h(
    "fieldset",
    { class: "menu" },
    h("legend", {}, title),
    h(
      "ul",
      {},
      shown.map((each) =>
        option(
          `${name}-${each.value}`,
          each.label,
          each.count,
          chosen.includes(each.value),
          () => refine(toggled(state.filters, name, each.value)),
        ),
      ),
    ),
    all.length > SHORT &&
      h(
        "button",
        {
          type: "button",
          class: "link",
          "data-key": `${name}-more`,
          "aria-expanded": String(opened.has(name)),
          onclick: toggleMore,
        },
        opened.has(name) ? "Show fewer" : `Show all ${all.length}`,
      ),
  );
}

function bones() {
  return h(
    "div",
    { class: "filter-bones", "aria-hidden": "true" },
    Array.from({ length: 8 }, () => h("span", { class: "bone bone-long" })),
  );
}

export function showFilters(region, state, refine, recount) {
  if (state.session === null) return show(region);
  if (state.facets === null && state.uncounted) {
    return show(
      region,
      h("p", { class: "dim" }, "The filters could not be loaded."),
      h("button", { type: "button", class: "link", "data-key": "recount", onclick: recount }, "Try again"),
    );
  }
  if (state.facets === null) return show(region, bones());
  const again = () => showFilters(region, state, refine, recount);
  const set = filtersSet(state.filters);
  const open = region.querySelector("details")?.open ?? matchMedia("(min-width: 800px)").matches;
  show(
    region,
    h(
      "details",
      { class: "filters-fold", open },
      h(
        "summary",
        { "data-key": "filters-fold" },
        icon("filter"),
        "Refine",
        set > 0 && h("span", { class: "badge" }, String(set), h("span", { class: "unseen" }, " filters set")),
      ),
      h(
        "fieldset",
        { class: "menu" },
        h("legend", {}, "Contact data"),
        h(
          "ul",
          {},
          CONTACTS.map(([name, label]) =>
            option(name, label, null, Boolean(state.filters[name]), () =>
              refine(flagged(state.filters, name)),
            ),
          ),
        ),
      ),
      MENUS.map(([name, title]) =>
        menu(name, title, state.facets[name], state, refine, again),
      ),
      set > 0 &&
        h(
          "button",
          { type: "button", class: "quiet", "data-key": "clear", onclick: () => refine(noFilters()) },
          "Clear all filters",
        ),
    ),
  );
}
