// The way to the page that holds this one. Messages are taken from that window alone, and only
// while its origin is one of the key's; they are sent to that origin exactly.

const ALLOWED = new Set(
  document.querySelector('meta[name="stibnite-origins"]').content.split(" ").filter(Boolean),
);
const WAIT_MS = 20_000;

let parentOrigin = null;
let token = null;
let waiting = [];
const listeners = { theme: () => {} };

export const embedded = window.parent !== window;

export class NoSession extends Error {}

window.addEventListener("message", (event) => {
  if (!embedded || event.source !== window.parent || !ALLOWED.has(event.origin)) return;
  if (parentOrigin !== null && event.origin !== parentOrigin) return;
  const message = event.data;
  if (message === null || typeof message !== "object") return;
  if (message.type === "stibnite:theme" && typeof message.theme === "string") {
    parentOrigin = event.origin;
    listeners.theme(message.theme);
  }
  if (message.type === "stibnite:token" && typeof message.token === "string") {
    parentOrigin = event.origin;
    token = message.token;
    settle((each) => each.resolve(token));
  }
  if (message.type === "stibnite:no-session") {
    settle((each) => each.reject(new NoSession()));
  }
});

function settle(how) {
  const settled = waiting;
  waiting = [];
  for (const each of settled) {
    clearTimeout(each.timer);
    how(each);
  }
}

function next() {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoSession()), WAIT_MS);
    waiting.push({ resolve, reject, timer });
  });
}

/** The token at hand, or the first one that comes. */
export function currentToken() {
  return token === null ? next() : Promise.resolve(token);
}

/** A token in place of one that was refused. */
export function tokenAfter(refused) {
  if (token !== null && token !== refused) return Promise.resolve(token);
  token = null;
  const renewed = next();
  askAgain();
  return renewed;
}

export function askAgain() {
  if (parentOrigin !== null) window.parent.postMessage({ type: "stibnite:renew" }, parentOrigin);
}

export function onTheme(listener) {
  listeners.theme = listener;
}
