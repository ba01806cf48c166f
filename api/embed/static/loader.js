// Puts the prospecting iframe into a page, and keeps it supplied with tokens.
//
//   <script src="https://stibnite.example/embed/loader.js" async
//     data-partner-key="stib_embed_pk_…" data-customer-id="your id of the customer"></script>
//
// Optional: data-user-id, data-customer-name, data-target (a CSS selector; without it the iframe
// takes the script's place), data-theme (light, dark, or auto), data-height (CSS; 760px).
// The token is handed to the iframe by postMessage, to its exact origin, and kept nowhere else.
(() => {
  "use strict";
  const script = document.currentScript;
  const given = script?.dataset;
  if (!given?.partnerKey || !given.customerId) {
    console.error("Stibnite: the loader's script needs data-partner-key and data-customer-id.");
    return;
  }

  const RENEW_BEFORE_MS = 60_000;
  const LONGEST_MS = 480_000; // Whatever the clock of this computer says.
  const SHORTEST_MS = 15_000;
  const TRIES = 4;

  const base = new URL(script.src).origin;
  const frame = document.createElement("iframe");
  let session = null;
  let loaded = false;
  let renewing = false;
  let timer = 0;

  function tell(message) {
    if (loaded) frame.contentWindow?.postMessage(message, base);
  }

  function tellToken() {
    if (session !== null) tell({ type: "stibnite:token", token: session.token });
  }

  function tellTheme() {
    tell({ type: "stibnite:theme", theme: given.theme ?? "auto" });
  }

  async function bootstrap() {
    const response = await fetch(`${base}/v1/prospecting/embed-sessions`, {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        partner_key: given.partnerKey,
        customer_id: given.customerId,
        customer_name: given.customerName || null,
        user_id: given.userId || null,
      }),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.json();
  }

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  async function renew() {
    if (renewing) return;
    renewing = true;
    clearTimeout(timer);
    try {
      for (let tried = 1; ; tried += 1) {
        try {
          session = await bootstrap();
          break;
        } catch (error) {
          if (tried === TRIES) throw error;
          await pause(500 * 2 ** tried);
        }
      }
      tellToken();
      const left = Date.parse(session.expires_at) - Date.now() - RENEW_BEFORE_MS;
      timer = setTimeout(renew, Math.min(LONGEST_MS, Math.max(SHORTEST_MS, left)));
    } catch (error) {
      console.error(
        "Stibnite: no session could be started. Is this page's origin one of the key's allowed" +
          " origins, and the key active?",
        error,
      );
      tell({ type: "stibnite:no-session" });
    } finally {
      renewing = false;
    }
  }

  window.addEventListener("message", (event) => {
    if (event.origin !== base || event.source !== frame.contentWindow) return;
    if (event.data?.type === "stibnite:renew") renew();
  });
  // Timers sleep with the computer.
  document.addEventListener("visibilitychange", () => {
    const late = session !== null && Date.parse(session.expires_at) - Date.now() < RENEW_BEFORE_MS;
    if (document.visibilityState === "visible" && late) renew();
  });
  new MutationObserver(tellTheme).observe(script, { attributeFilter: ["data-theme"] });

  function place() {
    const target = given.target ? document.querySelector(given.target) : null;
    if (target !== null) target.append(frame);
    else if (script.isConnected && !document.head.contains(script)) script.after(frame);
    else document.body.append(frame);
  }

  const address = new URL("/embed/frame", base);
  address.searchParams.set("partner_key", given.partnerKey);
  address.searchParams.set("theme", given.theme ?? "auto");
  frame.src = address.href;
  frame.title = "Prospecting";
  frame.referrerPolicy = "no-referrer";
  frame.sandbox.add(
    "allow-scripts",
    "allow-same-origin",
    "allow-forms",
    "allow-downloads",
    "allow-popups",
    "allow-popups-to-escape-sandbox",
  );
  frame.style.cssText = "display:block;width:100%;border:0;border-radius:12px;";
  frame.style.height = given.height || "760px";
  // The frame listens when it has loaded; a frame that was loaded again has forgotten its token.
  frame.addEventListener("load", () => {
    loaded = true;
    tellTheme();
    tellToken();
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else place();
  renew();
})();
