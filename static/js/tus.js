// The server's doors for uploads: each call answers, or throws a Refusal. Status 0: there was no answer.

import { token } from "./http.js";

const ROOT = "/api/v1/uploads";
const TIMEOUT_MS = 60000;

export class Refusal extends Error {
  constructor({ status = 0, code, title, retryAfterMs }) {
    super(title);
    Object.assign(this, { status, code, title, retryAfterMs });
  }
}

async function refusal(response) {
  const isJson = /json/u.test(response.headers.get("Content-Type"));
  const { code, title } = isJson ? await response.json().catch(() => ({})) : {};
  const seconds = Number(response.headers.get("Retry-After"));
  return new Refusal({ status: response.status, code, title, retryAfterMs: seconds > 0 ? seconds * 1000 : undefined });
}

const fetched = (url, options) =>
  fetch(url, options).catch((error) => {
    throw new Refusal({ title: error.message });
  });

async function call(method, url, { headers, body, signal = new AbortController().signal }) {
  const all = { "Tus-Resumable": "1.0.0", "X-CSRFToken": token(), Accept: "application/json", ...headers };
  const until = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await fetched(url, { method, headers: all, body, signal: until, redirect: "error" });
  if (!response.ok) throw await refusal(response);
  return response;
}

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const metadata = (values) => Object.entries(values).map(([name, value]) => `${name} ${base64(new TextEncoder().encode(value))}`).join();
const offsetOf = (response) => Number(response.headers.get("Upload-Offset") ?? 0);

// Where a page is not secure there is no digest: the connection's own check has to do.
async function checksum(bytes) {
  if (!crypto.subtle) return {};
  return { "Upload-Checksum": `sha256 ${base64(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)))}` };
}

// {url, offset}: of a file known by this client_id already, how much is there.
export async function create({ id, name, size }, signal) {
  const headers = { "Upload-Length": size, "Upload-Metadata": metadata({ filename: name, client_id: id }) };
  const response = await call("POST", ROOT, { headers, signal });
  const url = `${ROOT}/${response.headers.get("Location").split("/").filter(Boolean).at(-1)}`;
  return { url, offset: offsetOf(response) };
}

export const ask = async (url, signal) => offsetOf(await call("HEAD", url, { signal }));

export async function send(url, offset, bytes, signal) {
  const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset, ...(await checksum(bytes)) };
  return offsetOf(await call("PATCH", url, { headers, body: bytes, signal }));
}

// What the server makes of it.
export async function fetchAttachment(url, signal) {
  const { attachment } = await (await call("GET", url, { signal })).json();
  if (!attachment) throw new Refusal({ title: "unfinished" });
  return attachment;
}

export const terminate = (url) => call("DELETE", url, {});
