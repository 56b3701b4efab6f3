// The small pictures that stand for the server's files. Addresses are good for a while and for this person only.

import { ask } from "./http.js";

const TIMEOUT_MS = 30000;
const PASSING = new Set(["NOT_READY", "OFFLINE", "INTERNAL", "RATE_LIMITED", "UNAVAILABLE"]);

// Whether it may be there, or to be had, later. Of a file that is new the small picture is made a moment after.
export const isPassing = ({ code }) => PASSING.has(code);

// {value: {…attachment, url, thumbnail_url}} or {problem}.
export const describe = (id) => ask("GET", `/api/v1/attachments/${encodeURIComponent(id)}`);

// {value: its blob} or {problem}.
export async function thumbnail({ thumbnail_url: url }) {
  if (!url) return { problem: { code: "NOT_FOUND" } };
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
    return response.ok ? { value: await response.blob() } : { problem: await response.json() };
  } catch {
    return { problem: { code: "OFFLINE" } };
  }
}
