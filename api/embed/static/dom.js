// Elements from plain values. Text is set as text, so that markup in a name stays what it is: text.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in PROPERTIES) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false));
  return element;
}

const PROPERTIES = { checked: 1, disabled: 1, indeterminate: 1, value: 1, hidden: 1 };

export function icon(name, label = null) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return label === null ? svg : [svg, h("span", { class: "unseen" }, label)];
}

/** Replaces what a region holds; the focus stays with what has the same data-key. */
export function show(region, ...children) {
  const key = region.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  region.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== false));
  if (key) region.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

const NUMBER = new Intl.NumberFormat("en-US");

export const count = (number) => NUMBER.format(number);

export const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
