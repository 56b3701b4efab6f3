// The server's doors for this page's scripts (chat/web/doors.py): JSON both ways, a token against foreign pages, and
// problem details where something was refused.

import { said } from "./lazy.js";
import { gettext } from "./words.js";

const TIMEOUT_MS = 15000;
const OFFLINE = { code: "OFFLINE", title: gettext("You are offline: this needs the connection.") };
const BROKEN = { code: "INTERNAL", title: gettext("Something went wrong on the server. Try again in a moment.") };

// The cookie is newer than the page, which may be one that was kept.
export const token = () => /(?:^|; )csrftoken=([^;]+)/u.exec(document.cookie)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]").value;

const translated = async (problem) => ({ ...problem, title: await said(problem.title) });

// {value} or {problem: {code, title, detail, errors}}.
export async function ask(method, path, body) {
  const isForm = body instanceof URLSearchParams;
  const headers = { "X-CSRFToken": token(), Accept: "application/json", ...(body && !isForm && { "Content-Type": "application/json" }) };
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(path, { method, headers, body: isForm ? body : body && JSON.stringify(body), signal, redirect: "error" });
    const isJson = /json/u.test(response.headers.get("Content-Type"));
    if (!response.ok) return { problem: isJson ? await translated(await response.json()) : BROKEN };
    return { value: isJson ? await response.json() : null };
  } catch {
    return { problem: OFFLINE };
  }
}
