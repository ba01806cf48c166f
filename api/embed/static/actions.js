// What is chosen, and what can be done with it: the cost is said before anything is bought.

import { count, h, icon, plural, show } from "./dom.js";
import { creditsLeft, reasonOf } from "./wallet.js";

export const ACTIONS = {
  push_endpoint: { label: "pushEndpoint", symbol: "send", document: "pushProspects" },
  csv_export: { label: "csvExport", symbol: "download", document: "exportProspects" },
};

/** What is chosen: how many, how many of them are bought already, as far as that is known. */
export function choiceOf(state) {
  if (state.session === null) return { size: 0, owned: 0, certain: true };
  const { pagination, nodes } = state.session;
  if (state.all) {
    const onPage = nodes.filter((each) => each.revealState === "purchased").length;
    return {
      size: pagination.totalRecords ?? nodes.length,
      owned: nodes.length === pagination.totalRecords ? onPage : 0,
      certain: nodes.length === pagination.totalRecords,
      more: pagination.totalRecordsRelation === "gte",
    };
  }
  const chosen = [...state.selected.values()];
  return { size: chosen.length, owned: chosen.filter((each) => each === "purchased").length, certain: true };
}

/** The arguments of a push or an export. */
export function selectionOf(state) {
  const searchId = state.session.searchId;
  if (state.all) return { searchId, mode: "all_results", filters: state.filters };
  const ids = [...state.selected.keys()];
  const page = state.session.nodes.map((each) => each.prospectId);
  const whole = ids.length === page.length && page.every((each) => state.selected.has(each));
  return { searchId, mode: whole ? "page" : "selected", prospectIds: ids };
}

export function showActions(region, state, handlers) {
  const { summary } = state;
  const chosen = choiceOf(state);
  const allowed = summary?.allowedResultActions ?? [];
  region.hidden = state.session === null || state.session.nodes.length === 0 || allowed.length === 0;
  if (region.hidden) return show(region);
  const blocked = summary.wallet.limitState.revealBlockReason;
  const free = chosen.size > 0 && chosen.certain && chosen.owned === chosen.size;
  const stopped = blocked !== null && (!free || blocked === "customer_suspended");
  const off = chosen.size === 0 || state.acting !== null || stopped;
  show(
    region,
    h(
      "p",
      { class: "chosen-count", role: "status" },
      h("strong", {}, `${count(chosen.size)}${chosen.more ? "+" : ""}`),
      " selected",
      chosen.owned > 0 && h("span", { class: "dim" }, ` · ${count(chosen.owned)} yours already`),
      stopped && chosen.size > 0 && h("span", { class: "dim" }, ` · ${reasonOf(blocked)}`),
    ),
    chosen.size > 0 &&
      h("button", { type: "button", class: "link", "data-key": "clear-selection", onclick: handlers.clear }, "Clear"),
    h(
      "div",
      { class: "action-buttons" },
      allowed.map((name, index) => {
        const action = ACTIONS[name];
        if (action === undefined) return null;
        const label = summary.resultActionLabels[action.label];
        return h(
          "button",
          {
            type: "button",
            class: index === 0 ? "primary" : "quiet",
            "data-key": `action-${name}`,
            "data-action": name,
            disabled: off,
            onclick: () => handlers.act(name),
          },
          state.acting === name ? h("span", { class: "spinner", "aria-hidden": "true" }) : icon(action.symbol),
          label,
        );
      }),
    ),
  );
}

/** Asks before credits are spent; what resolves is whether to go on. */
export function confirmed(dialog, state, name) {
  const chosen = choiceOf(state);
  const label = state.summary.resultActionLabels[ACTIONS[name].label];
  const cost = chosen.size - chosen.owned;
  const left = creditsLeft(state.summary);
  const short = left !== null && chosen.certain && cost > left;
  const lines = [
    ["Selected", `${count(chosen.size)}${chosen.more ? "+" : ""}`],
    chosen.owned > 0 && ["Yours already", `${count(chosen.owned)}, free`],
    ["Cost", `${chosen.certain ? "" : "up to "}${plural(cost, "credit", "credits")}${chosen.more ? " or more" : ""}`],
    left !== null && ["In your wallet", plural(left, "credit", "credits")],
  ].filter(Boolean);
  return new Promise((resolve) => {
    const close = (answer) => {
      dialog.close(answer ? "yes" : "no");
    };
    show(
      dialog,
      h("h2", { id: "confirm-title" }, `${label}?`),
      h(
        "dl",
        { class: "costs" },
        lines.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))),
      ),
      short && h("p", { class: "doubt" }, icon("alert"), "That is more than your wallet holds. Select fewer people."),
      h("p", { class: "dim" }, "Each new contact costs one credit. You pay for a contact once."),
      h(
        "div",
        { class: "dialog-buttons" },
        h("button", { type: "button", class: "quiet", onclick: () => close(false) }, "Cancel"),
        h(
          "button",
          { type: "button", class: "primary", id: "confirm-go", disabled: short, onclick: () => close(true) },
          label,
        ),
      ),
    );
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}
