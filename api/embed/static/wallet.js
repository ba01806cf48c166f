// What the customer's wallet holds, and why it may refuse.

import { count, h, icon, plural, show } from "./dom.js";

const REASONS = {
  customer_suspended: "Prospecting is paused for your account. Please contact your provider.",
  insufficient_credits: "Your credits are used up. Ask your provider for more.",
  monthly_credit_limit: "This month's credits are used up. They are back at the start of next month.",
  lifetime_credit_limit: "Your credits are used up. Ask your provider for more.",
  monthly_search_limit: "This month's searches are used up. You can search again next month.",
  lifetime_search_limit: "Your searches are used up. Ask your provider for more.",
  monthly_reveal_limit: "This month's contacts are used up. You can get more next month.",
  lifetime_reveal_limit: "Your contacts are used up. Ask your provider for more.",
};

export function reasonOf(code) {
  return REASONS[code] ?? "This is not possible with your account right now.";
}

/** Credits that are left to spend, or null where nothing limits them. */
export function creditsLeft(summary) {
  if (summary === null || summary.wallet.creditEnforcementMode !== "enforced") return null;
  const { availableCreditUnits, monthlyCreditUnitsUsed, limits } = summary.wallet;
  const left = [availableCreditUnits];
  if (limits.monthlyCreditUnits !== null) {
    left.push(Math.max(0, limits.monthlyCreditUnits - monthlyCreditUnitsUsed));
  }
  const known = left.filter((each) => each !== null);
  return known.length === 0 ? null : Math.min(...known);
}

export function showWallet(region, summary) {
  if (summary === null) {
    return show(region, h("span", { class: "bone wallet-bone", "aria-hidden": "true" }));
  }
  const { wallet } = summary;
  const left = creditsLeft(summary);
  if (left === null) {
    const used = wallet.monthlyCreditUnitsUsed;
    return show(
      region,
      icon("spark"),
      h("span", { class: "wallet-text" }, h("strong", {}, count(used)), " used this month"),
    );
  }
  const all = Math.max(left, wallet.grantedCreditUnits || wallet.limits.monthlyCreditUnits || left);
  show(
    region,
    icon("spark"),
    h(
      "span",
      { class: "wallet-text" },
      h("strong", {}, count(left)),
      ` of ${plural(all, "credit", "credits")} left`,
    ),
    h("progress", {
      class: left * 5 <= all ? "low" : null,
      max: String(Math.max(1, all)),
      value: left,
      "aria-label": "Credits left",
    }),
  );
}

/** What the wallet refuses right now, said where it is seen before anything is tried. */
export function showNotice(region, summary) {
  if (summary === null) return show(region);
  const { limitState } = summary.wallet;
  const reason = limitState.searchBlockReason ?? limitState.revealBlockReason;
  if (reason === null) return show(region);
  const out = limitState.canSearch;
  show(
    region,
    h(
      "div",
      { class: "notice", "data-reason": reason },
      icon("lock"),
      h(
        "p",
        {},
        h("strong", {}, out ? "You can look, but not get contacts" : "Search is not available"),
        h("span", {}, reasonOf(reason)),
      ),
    ),
  );
}
