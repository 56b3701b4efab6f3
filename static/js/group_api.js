// What is done to groups, by the server's REST doors (docs/protocol.md): it works in every tab, and says at once when
// there is no connection. What has changed comes to every device by itself.

import { ask } from "./http.js";
import { number } from "./views/format.js";
import { interpolate, ngettext } from "./words.js";

const PAGE = 500;

// {value} or {problem: {code, title}}.
export const api = (method, path, body) => ask(method, `/api/v1${path}`, body);

export const countOf = (count) => interpolate(ngettext("%(count)s member", "%(count)s members", count), { count: number.format(count) });

// All members, page by page; anew when somebody has come or gone meanwhile. Null: not to be had now.
export async function askRoster(conv) {
  const found = [];
  for (let after = "", rev; after !== null; ) {
    const query = new URLSearchParams({ limit: PAGE, ...(after && { after }) });
    const { value } = await api("GET", `/conversations/${conv}/members?${query}`);
    if (!value) return null;
    if (rev !== undefined && rev !== value.members_rev) return askRoster(conv);
    found.push(...value.members);
    ({ next: after, members_rev: rev } = value);
    if (after === null) return { members: found, count: value.count, members_rev: rev };
  }
}
