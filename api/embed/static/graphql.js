// Runs the trusted documents. Nothing else can be run with an embed token.

import { currentToken, tokenAfter } from "./channel.js";
import { DOCUMENTS } from "/embed/documents.js";

export class Failure extends Error {
  constructor(code, message, details = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

const LOST = "The service cannot be reached right now. Nothing was lost: try again.";
const RETRIES = 2;
const READS = new Set(["prospectingFacets", "prospectingSession", "prospectingWallet"]);

/** A name for one thing to do, under which it is done once however often it is sent. */
export function onceKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(name, variables, token, key, signal) {
  // What is done once under its key, or changes nothing, may be sent again by itself.
  const retries = key !== null || READS.has(name) ? RETRIES : 0;
  const headers = {
    accept: "application/graphql-response+json",
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  };
  if (key !== null) headers["idempotency-key"] = key;
  const body = JSON.stringify({ documentId: DOCUMENTS[name], variables });
  for (let tried = 0; ; tried += 1) {
    try {
      return await fetch("/graphql", {
        method: "POST",
        credentials: "omit",
        cache: "no-store",
        headers,
        body,
        signal,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      if (tried === retries) throw new Failure("unavailable", LOST);
      await new Promise((resolve) => setTimeout(resolve, 400 * 2 ** tried));
    }
  }
}

/** The one field that a document asks for. */
export async function run(name, variables = {}, { key = null, signal } = {}) {
  let token = await currentToken();
  let response = await send(name, variables, token, key, signal);
  if (response.status === 401) {
    token = await tokenAfter(token);
    response = await send(name, variables, token, key, signal);
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Failure("unavailable", LOST);
  }
  const error = answer.errors?.[0];
  if (error) {
    const { code = "internal", ...details } = error.extensions ?? {};
    throw new Failure(code, error.message, details);
  }
  return Object.values(answer.data)[0];
}
