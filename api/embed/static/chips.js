// What was understood, in parts that can be taken away.

import { count, h, icon, show } from "./dom.js";

// Only what the input of an interpretation takes goes back.
function editable(understood) {
  const { roles, industries, locations, filters, allEmployees, requestedRecords } = understood;
  return structuredClone({ roles, industries, locations, filters, allEmployees, requestedRecords });
}

function sizes({ employeeCountMin: least, employeeCountMax: most }) {
  if (least !== null && most !== null) return `${count(least)}–${count(most)} employees`;
  if (least !== null) return `${count(least)}+ employees`;
  return `up to ${count(most)} employees`;
}

/** Each part: its kind, its words, and what takes it out of an interpretation. */
function parts(understood) {
  const { filters } = understood;
  const found = [];
  const list = (kind, from, words, remove) =>
    from.forEach((each, index) => found.push({ kind, label: words(each), remove: remove(index) }));
  const label = (each) => each.label;
  const text = (each) => each;
  const out = (name) => (index) => (edited) => edited[name].splice(index, 1);
  const outOfFilters = (name) => (index) => (edited) => edited.filters[name].splice(index, 1);
  list("Role", understood.roles, label, out("roles"));
  if (understood.allEmployees) {
    found.push({ kind: "Role", label: "Everybody", remove: (edited) => (edited.allEmployees = false) });
  }
  list("Industry", understood.industries, label, out("industries"));
  list("Place", understood.locations, label, (index) => (edited) => {
    edited.locations.splice(index, 1);
    edited.filters.companyCity = null;
    edited.filters.companyState = null;
  });
  if (filters.employeeCountMin !== null || filters.employeeCountMax !== null) {
    found.push({
      kind: "Size",
      label: sizes(filters),
      remove(edited) {
        edited.filters.employeeCountMin = null;
        edited.filters.employeeCountMax = null;
      },
    });
  }
  list("Company", filters.companyNames, text, outOfFilters("companyNames"));
  list("Keyword", filters.keywords, text, outOfFilters("keywords"));
  list("Any of", filters.keywordsAny, text, outOfFilters("keywordsAny"));
  list("SIC", filters.sic, text, outOfFilters("sic"));
  list("NAICS", filters.naics, text, outOfFilters("naics"));
  list("Not", filters.excludedRoles, label, outOfFilters("excludedRoles"));
  list("Not", filters.excludedIndustries, label, outOfFilters("excludedIndustries"));
  list("Not", filters.excludedLocations, label, outOfFilters("excludedLocations"));
  list("Not SIC", filters.excludedSic, text, outOfFilters("excludedSic"));
  list("Not NAICS", filters.excludedNaics, text, outOfFilters("excludedNaics"));
  list("Not", filters.excludedKeywords, text, outOfFilters("excludedKeywords"));
  if (understood.requestedRecords !== null) {
    found.push({
      kind: "At most",
      label: `${count(understood.requestedRecords)} people`,
      remove: (edited) => (edited.requestedRecords = null),
    });
  }
  return found;
}

export function showUnderstood(region, understood, search) {
  if (understood === null) return show(region);
  const chips = parts(understood);
  const without = (part) => {
    const edited = editable(understood);
    part.remove(edited);
    search(edited, part);
  };
  show(
    region,
    h("h2", { class: "eyebrow", id: "understood-title" }, "Understood"),
    h(
      "ul",
      { class: "chips", "aria-labelledby": "understood-title" },
      chips.map((part, index) =>
        h(
          "li",
          { class: "chip" },
          h("span", { class: "chip-kind" }, part.kind),
          h("span", { class: "chip-label" }, part.label),
          // Without its last part there is nothing to search for.
          chips.length > 1 &&
            h(
              "button",
              {
                type: "button",
                class: "chip-remove",
                "data-key": `chip-${index}`,
                "aria-label": `Remove ${part.kind}: ${part.label}`,
                onclick: () => without(part),
              },
              icon("close"),
            ),
        ),
      ),
    ),
    understood.warnings.map((warning) => h("p", { class: "doubt" }, icon("alert"), warning)),
    understood.unparsed.length > 0 &&
      h("p", { class: "doubt" }, icon("alert"), `Not used: ${understood.unparsed.join(", ")}`),
  );
}
