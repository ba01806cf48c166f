// The iframe: one state, the regions that show it, and what people do with it.

import { ACTIONS, confirmed, selectionOf, showActions } from "./actions.js";
import { NoSession, askAgain, embedded, onTheme } from "./channel.js";
import { showUnderstood } from "./chips.js";
import { h, icon, plural } from "./dom.js";
import { noFilters, showFilters } from "./filters.js";
import { onceKey, run } from "./graphql.js";
import { showResults } from "./results.js";
import { reasonOf, showNotice, showWallet } from "./wallet.js";

const PAGE = 25;
const TOAST_MS = 9_000;

const byId = (id) => document.getElementById(id);
const regions = {
  wallet: byId("wallet"),
  notice: byId("notice"),
  understood: byId("understood"),
  filters: byId("filters"),
  results: byId("results"),
  actions: byId("actions"),
};
const question = byId("question");

const state = {
  summary: null,
  session: null,
  facets: null, // Counts of the menus; they come after the people.
  uncounted: false, // Whether they could not be had.
  filters: noFilters(),
  pages: [], // Cursors of the pages before this one.
  cursor: null, // That of this page.
  selected: new Map(), // Prospects by id, with their reveal state.
  all: false,
  busy: false,
  fresh: false, // Whether what is busy replaces the whole search.
  acting: null,
  failure: null,
};

let asking = null;
let counting = null;

function render() {
  showWallet(regions.wallet, state.summary);
  showNotice(regions.notice, state.summary);
  showUnderstood(regions.understood, state.session?.interpretation ?? null, searchEdited);
  showFilters(regions.filters, state, refine, countMenus);
  showResults(regions.results, state, resultHandlers);
  showActions(regions.actions, state, actionHandlers);
  const canSearch = state.summary?.wallet.limitState.canSearch ?? true;
  byId("go").disabled = !canSearch;
  question.disabled = !canSearch;
}

function failureOf(error, again) {
  if (error instanceof NoSession) {
    return {
      title: "This page could not start a session",
      text: "The connection to the page around this one was lost, or its key is not active any more.",
      again: () => {
        askAgain();
        again();
      },
    };
  }
  if (error.code === "insufficient_credits") {
    return { title: "This is not possible right now", text: reasonOf(error.details.reason) };
  }
  if (error.code === "invalid_input") {
    return { title: "This could not be understood", text: error.message };
  }
  if (error.code === "not_found") {
    return { title: "This search has expired", text: "Search again to see current results." };
  }
  const text = error.code === "rate_limited" ? "That was a lot at once. Wait a moment." : error.message;
  return { title: "Something went wrong", text, again };
}

/** Asks for a page of previews; a later question takes the place of one that is still running. */
async function look(document, variables, { fresh, then, retry }) {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  Object.assign(state, { busy: true, fresh, failure: null });
  render();
  try {
    const session = await run(document, variables, { signal: mine.signal });
    if (asking !== mine) return;
    then?.();
    for (const each of session.nodes) {
      if (state.selected.has(each.prospectId)) state.selected.set(each.prospectId, each.revealState);
    }
    state.session = session;
    if (fresh) Object.assign(state, { facets: null, uncounted: false });
  } catch (error) {
    if (asking !== mine) return;
    if (error.code === undefined && !(error instanceof NoSession)) throw error;
    if (fresh) state.session = null;
    state.failure = failureOf(error, retry);
  } finally {
    if (asking === mine) {
      asking = null;
      Object.assign(state, { busy: false, fresh: false });
      render();
    }
  }
}

/** The menus of the filters: counted when the people are shown, so that these do not wait. */
async function countMenus() {
  counting?.abort();
  if (state.session === null) return;
  const mine = new AbortController();
  counting = mine;
  const { searchId } = state.session;
  try {
    const counted = await run(
      "prospectingFacets",
      { searchId, filters: state.filters },
      { signal: mine.signal },
    );
    if (counting !== mine) return;
    Object.assign(state, { facets: counted.facets, uncounted: false });
  } catch (error) {
    if (counting !== mine) return;
    // The people are there all the same.
    state.uncounted = true;
  }
  showFilters(regions.filters, state, refine, countMenus);
}

async function start(asked) {
  Object.assign(state, { filters: noFilters(), pages: [], cursor: null, all: false });
  state.selected.clear();
  await look("startProspecting", { ...asked, first: PAGE }, {
    fresh: true,
    retry: () => start(asked),
  });
  refreshWallet();
  countMenus();
}

const search = (q) => start({ q });

const searchEdited = (interpretation) => start({ interpretation });

function page(cursor, { pages = state.pages, fresh = false } = {}) {
  const { searchId } = state.session;
  const variables = { searchId, filters: state.filters, first: PAGE, after: cursor };
  return look("prospectingSession", variables, {
    fresh,
    then: () => Object.assign(state, { cursor, pages }),
    retry: () => page(cursor, { pages, fresh }),
  });
}

function refine(filters) {
  state.filters = filters;
  state.all = false;
  state.selected.clear();
  countMenus();
  return page(null, { pages: [] });
}

async function refreshWallet() {
  try {
    state.summary = await run("prospectingWallet");
  } catch (error) {
    if (state.summary === null && state.failure === null) {
      state.failure = failureOf(error, () => {
        state.failure = null;
        render();
        refreshWallet();
      });
    }
  }
  render();
}

async function turn(cursor, pages) {
  await page(cursor, { pages });
  regions.results.scrollIntoView({ block: "start" });
  regions.results.focus({ preventScroll: true });
}

function select(person, chosen) {
  if (state.all) {
    // One that is taken out of all of them leaves the others of the page.
    state.all = false;
    state.session.nodes.forEach((each) => state.selected.set(each.prospectId, each.revealState));
  }
  if (chosen) state.selected.set(person.prospectId, person.revealState);
  else state.selected.delete(person.prospectId);
  render();
}

function clearSelection() {
  state.all = false;
  state.selected.clear();
  render();
}

const resultHandlers = {
  ask(example) {
    question.value = example;
    search(example);
  },
  again: () => state.failure?.again?.(),
  select,
  selectPage(chosen) {
    if (state.all) state.selected.clear();
    state.all = false;
    for (const each of state.session.nodes) {
      if (chosen) state.selected.set(each.prospectId, each.revealState);
      else state.selected.delete(each.prospectId);
    }
    render();
  },
  selectAll() {
    state.selected.clear();
    state.all = true;
    render();
  },
  clear: clearSelection,
  clearFilters: () => refine(noFilters()),
  next: () => turn(state.session.pagination.nextCursor, [...state.pages, state.cursor]),
  previous: () => turn(state.pages.at(-1), state.pages.slice(0, -1)),
};

const actionHandlers = { clear: clearSelection, act };

async function act(name) {
  if (!(await confirmed(byId("confirm"), state, name))) return;
  state.acting = name;
  render();
  try {
    const done = await run(ACTIONS[name].document, selectionOf(state), { key: onceKey() });
    if (name === "csv_export") download(done);
    toast(sentenceOf(name, done), done.delivered === false ? "warn" : "good");
    state.all = false;
    state.selected.clear();
  } catch (error) {
    const failure = failureOf(error, null);
    toast(`${failure.title}. ${failure.text}`, "bad");
  } finally {
    state.acting = null;
    render();
  }
  await Promise.all([refreshWallet(), page(state.cursor)]);
}

function sentenceOf(name, done) {
  const cost = `${plural(done.netNewBillableRecords, "credit", "credits")} used`;
  const owned = done.alreadyPurchasedRecords;
  const rest = owned > 0 ? `, ${owned} yours already` : "";
  if (name === "csv_export") {
    return `${plural(done.exportedRecords, "person", "people")} exported. ${cost}${rest}.`;
  }
  const pushed = plural(done.pushedRecords, "person", "people");
  if (done.delivered) return `${pushed} delivered. ${cost}${rest}.`;
  return `${pushed} bought and on their way: the receiver did not accept them yet, and we keep trying. ${cost}${rest}.`;
}

function download({ csv, fileName }) {
  const url = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  const link = h("a", { href: url, download: fileName });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function toast(text, tone) {
  const close = () => shown.remove();
  const shown = h(
    "div",
    { class: `toast ${tone}` },
    icon(tone === "good" ? "check" : "alert"),
    h("p", {}, text),
    h("button", { type: "button", class: "toast-close", "aria-label": "Dismiss", onclick: close }, icon("close")),
  );
  byId("toasts").replaceChildren(shown);
  if (tone === "good") setTimeout(close, TOAST_MS);
}

function theme(name) {
  if (name === "light" || name === "dark") document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
}

theme(new URLSearchParams(location.search).get("theme"));
onTheme(theme);
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const q = question.value.trim();
  if (q !== "") search(q);
});
render();
if (embedded) refreshWallet();
else {
  state.failure = {
    title: "This page belongs inside another one",
    text: "It is loaded by the script /embed/loader.js on a partner's page.",
  };
  render();
}
