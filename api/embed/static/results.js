// The people: masked until they are bought.

import { count, h, icon, plural, show } from "./dom.js";

const EXAMPLES = [
  "CMOs of SaaS companies in Nevada with 50+ employees",
  "Owners of insurance agencies in Las Vegas",
  "Partners at law firms",
  "Decision makers at marketing agencies",
];

const CONTACTS = [
  ["businessEmail", "mail", "E-mail", (value) => `mailto:${value}`],
  ["mobilePhone", "phone", "Phone", (value) => `tel:${value}`],
  ["linkedinUrl", "linkedin", "LinkedIn profile", (value) => value],
];

export function nameOf(person) {
  if (person.record !== null) return `${person.record.firstName} ${person.record.lastName}`;
  return person.lastInitial === null ? person.firstName : `${person.firstName} ${person.lastInitial}.`;
}

function initials(person) {
  const last = person.record?.lastName[0] ?? person.lastInitial ?? "";
  return ((person.firstName[0] ?? "") + last).toUpperCase();
}

function contact(person, [field, symbol, label, link]) {
  const value = person.record?.[field] ?? null;
  if (value !== null && /^(https:\/\/|[^:/]+$)/.test(value)) {
    const shown = field === "linkedinUrl" ? label : value;
    return h(
      "li",
      { class: "contact owned" },
      h(
        "a",
        { href: link(value), target: "_blank", rel: "noopener noreferrer", title: value },
        icon(symbol),
        h("span", { class: "contact-text" }, shown),
      ),
    );
  }
  const there = person.available[field];
  return h(
    "li",
    { class: there ? "contact there" : "contact absent", title: there ? `${label} available` : `No ${label}` },
    icon(symbol, there ? `${label} available` : `No ${label}`),
  );
}

function row(person, index, state, select) {
  const id = `person-${index}`;
  const { company } = person;
  const owned = person.revealState === "purchased";
  const place = [company.city, company.state].filter(Boolean).join(", ");
  const size = company.employeeCount === null ? null : plural(company.employeeCount, "employee", "employees");
  const checked = state.all || state.selected.has(person.prospectId);
  return h(
    "li",
    { class: checked ? "person chosen" : "person", "data-prospect": person.prospectId },
    h("input", {
      type: "checkbox",
      class: "person-check",
      id,
      "data-key": `person-${person.prospectId}`,
      "aria-labelledby": `${id}-name`,
      "aria-describedby": `${id}-about`,
      checked,
      onchange: (event) => select(person, event.target.checked),
    }),
    h("span", { class: `avatar tone-${person.firstName.length % 5}`, "aria-hidden": "true" }, initials(person)),
    h(
      "div",
      { class: "person-who" },
      h(
        "label",
        { class: "person-name", id: `${id}-name`, for: id },
        nameOf(person),
        owned && h("span", { class: "owned-mark" }, icon("check"), "Yours"),
      ),
      h("p", { class: "person-title", id: `${id}-about` }, person.jobTitle ?? "Title not known"),
    ),
    h(
      "div",
      { class: "person-company" },
      h("p", { class: "company-name" }, company.name),
      h(
        "p",
        { class: "company-about" },
        company.industry,
        company.industry !== null && size !== null && " · ",
        size !== null && h("span", { class: "company-size" }, size),
      ),
    ),
    h("p", { class: "person-place" }, place),
    h("ul", { class: "contacts", "aria-label": "Contact data" }, CONTACTS.map((each) => contact(person, each))),
  );
}

function bones() {
  return h(
    "ol",
    { class: "people", "aria-hidden": "true" },
    Array.from({ length: 7 }, () =>
      h(
        "li",
        { class: "person" },
        h("span", { class: "bone bone-check" }),
        h("span", { class: "bone avatar" }),
        h("div", { class: "person-who" }, h("span", { class: "bone bone-long" }), h("span", { class: "bone bone-short" })),
        h("div", { class: "person-company" }, h("span", { class: "bone bone-long" }), h("span", { class: "bone bone-short" })),
      ),
    ),
  );
}

function told(title, text, ...more) {
  return h("div", { class: "blank" }, h("h2", {}, title), h("p", {}, text), more);
}

function welcome(ask) {
  return told(
    "Find the right people",
    "Say who you are looking for, in your own words: role, industry, place, company size.",
    h(
      "ul",
      { class: "examples", "aria-label": "Examples" },
      EXAMPLES.map((example) =>
        h("li", {}, h("button", { type: "button", class: "example", onclick: () => ask(example) }, icon("search"), example)),
      ),
    ),
  );
}

function head(state, handlers) {
  const { nodes, pagination } = state.session;
  const total = pagination.totalRecords ?? nodes.length;
  const more = pagination.totalRecordsRelation === "gte" ? "+" : "";
  const onPage = nodes.filter((each) => state.selected.has(each.prospectId)).length;
  const whole = state.all || onPage === nodes.length;
  return h(
    "div",
    { class: "results-head" },
    h("input", {
      type: "checkbox",
      class: "person-check",
      id: "page-check",
      "data-key": "page-check",
      checked: whole,
      indeterminate: !whole && onPage > 0,
      onchange: (event) => handlers.selectPage(event.target.checked),
    }),
    h("label", { for: "page-check", class: "page-label" }, "Select page"),
    h(
      "p",
      { class: "total", role: "status" },
      h("strong", {}, `${count(total)}${more}`),
      total === 1 ? " person" : " people",
    ),
    whole &&
      !state.all &&
      total > nodes.length &&
      h(
        "button",
        { type: "button", class: "link", "data-key": "select-all", onclick: handlers.selectAll },
        `Select all ${count(total)}${more}`,
      ),
    state.all &&
      h("button", { type: "button", class: "link", "data-key": "select-all", onclick: handlers.clear }, "Clear selection"),
  );
}

function pager(state, handlers) {
  const next = state.session.pagination.nextCursor;
  if (next === null && state.pages.length === 0) return null;
  const button = (key, label, off, act) =>
    h("button", { type: "button", class: "quiet", "data-key": key, disabled: off, onclick: act }, label);
  return h(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    button("previous", "Previous", state.pages.length === 0, handlers.previous),
    h("span", { class: "page-number" }, `Page ${state.pages.length + 1}`),
    button("next", "Next", next === null, handlers.next),
  );
}

export function showResults(region, state, handlers) {
  region.setAttribute("aria-busy", String(state.busy));
  if (state.busy && (state.session === null || state.fresh)) return show(region, bones());
  if (state.failure !== null) {
    return show(
      region,
      told(
        state.failure.title,
        state.failure.text,
        state.failure.again &&
          h("button", { type: "button", class: "quiet", "data-key": "again", onclick: handlers.again }, "Try again"),
      ),
    );
  }
  if (state.session === null) return show(region, welcome(handlers.ask));
  if (state.session.nodes.length === 0) {
    return show(
      region,
      told(
        "Nobody matches all of this",
        "Take a part away above, clear a filter, or ask with other words.",
        Object.keys(state.filters).length > 0 &&
          h("button", { type: "button", class: "quiet", "data-key": "clear-all", onclick: handlers.clearFilters }, "Clear all filters"),
      ),
    );
  }
  show(
    region,
    head(state, handlers),
    h(
      "ol",
      { class: state.busy ? "people waiting" : "people" },
      state.session.nodes.map((person, index) => row(person, index, state, handlers.select)),
    ),
    pager(state, handlers),
  );
}
