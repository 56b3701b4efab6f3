// Brings up the files of messages that wait for them, a few messages at a time; of one message one file after the other.
// What is to be done is upload.js's to say. Nothing about it is kept: the server knows how much it has.

import { Blobs } from "./blobs.js";
import * as tus from "./tus.js";
import { Upload } from "./upload.js";
import { gettext_noop } from "./words.js";

const AT_A_TIME = 3;
// Other tabs are told how far it is so often.
const TELL_MS = 200;
const UNREADABLE = gettext_noop("The file could not be read on this device any more.");
const SILENT = gettext_noop("The server did not answer.");

export class Uploads {
  // `tus`: tus.js. `tell(clientId, sent)`: so many bytes of a message's files are there. `arrived(file, attachment)`.
  constructor({ outbox, blobs, tus, guard, tell, arrived, random = Math.random }) {
    Object.assign(this, { outbox, blobs, tus, guard, tell, arrived, random, jobs: new Map(), waiting: new Set(), urls: new Map() });
  }

  // Of a message that is not complete yet. Again for the same: it goes on.
  begin({ client_id }) {
    if (this.jobs.has(client_id) || !this.#next(client_id)) return;
    if (this.jobs.size >= AT_A_TIME) this.waiting.add(client_id);
    else this.#start(client_id);
  }

  #start(clientId) {
    const job = new AbortController();
    this.waiting.delete(clientId);
    this.jobs.set(clientId, job);
    this.#run(clientId, job.signal).finally(() => this.#ended(clientId, job));
  }

  #ended(clientId, job) {
    if (this.jobs.get(clientId) === job) this.jobs.delete(clientId);
    const [next] = this.waiting;
    if (next !== undefined && this.jobs.size < AT_A_TIME) {
      this.waiting.delete(next);
      this.begin({ client_id: next });
    }
  }

  // It was given up: what the server has of it goes, too.
  cancel({ client_id, files = [] }) {
    this.#stop(client_id);
    for (const { id } of files) if (this.urls.has(id)) this.#terminate(this.urls.get(id));
  }

  // Worth no more than a try: what is not asked for again the server removes by itself.
  async #terminate(url) {
    try {
      await this.tus.terminate(url);
    } catch (error) {
      if (error.status === undefined) throw error;
    }
  }

  // Until the next connection.
  pause() {
    this.waiting.clear();
    for (const clientId of [...this.jobs.keys()]) this.#stop(clientId);
  }

  #stop(clientId) {
    this.waiting.delete(clientId);
    this.jobs.get(clientId)?.abort();
    this.jobs.delete(clientId);
  }

  #next(clientId) {
    const item = this.outbox.find(clientId);
    return item?.state === "pending" ? item.files?.find(({ attachment }) => !attachment) : undefined;
  }

  async #run(clientId, signal) {
    for (let file = this.#next(clientId); file && !signal.aborted; file = this.#next(clientId)) {
      const outcome = await this.#bring(clientId, file, signal);
      if (signal.aborted || outcome.verdict === "pause") return;
      if (outcome.attachment) this.#arrived(clientId, file, outcome.attachment);
      else this.outbox.reject(clientId, outcome.reason, outcome.verdict);
    }
  }

  #arrived(clientId, file, attachment) {
    this.arrived(file, attachment);
    this.outbox.attached(clientId, file.id, attachment);
  }

  // {attachment}, or why not: {verdict, reason}.
  async #bring(clientId, file, signal) {
    const blob = await this.guard(() => this.blobs.get(file.id));
    if (!blob) return { verdict: "fail", reason: UNREADABLE };
    const before = this.#sum(clientId);
    const upload = new Upload(blob.size);
    while (!signal.aborted) {
      try {
        const attachment = await this[upload.step.does](upload, file, blob, signal);
        if (attachment) return { attachment };
        if (!signal.aborted) this.tell(clientId, before + upload.offset);
      } catch (error) {
        if (error.status === undefined) throw error;
        const { verdict, pause } = upload.failed(error, this.random);
        if (verdict !== "again") return { verdict, reason: error.title || SILENT };
        await this.#rest(pause, signal);
      }
    }
    return { verdict: "pause" };
  }

  #sum(clientId) {
    return this.outbox.find(clientId).files.reduce((sum, { attachment, size }) => sum + (attachment ? size : 0), 0);
  }

  #rest(pause, signal) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  // Steps (upload.js)

  async create(upload, file, blob, signal) {
    upload.created(await this.tus.create({ ...file, size: blob.size }, signal));
    this.urls.set(file.id, upload.url);
  }

  async ask(upload, file, blob, signal) {
    upload.told(await this.tus.ask(upload.url, signal));
  }

  async send(upload, file, blob, signal) {
    const { from, to } = upload.step;
    const bytes = await this.#read(blob, from, to);
    const begun = performance.now();
    upload.sent(await this.tus.send(upload.url, from, bytes, signal), performance.now() - begun);
  }

  fetch(upload, file, blob, signal) {
    return this.tus.fetchAttachment(upload.url, signal);
  }

  #read(blob, from, to) {
    return blob
      .slice(from, to)
      .arrayBuffer()
      .catch(() => {
        throw new this.tus.Refusal({ code: "UNREADABLE", title: UNREADABLE });
      });
  }
}

// As the engine has them.
export function makeUploads(sync) {
  const { outbox, database, files, peers } = sync;
  const guard = (work) => sync.guard(work);
  const blobs = new Blobs(database.handle);
  guard(() => blobs.sweep());
  let toldAt = 0;
  const tell = (...progress) => {
    outbox.progressed(...progress);
    if (performance.now() - toldAt < TELL_MS) return;
    toldAt = performance.now();
    peers.tell({ t: "outbox", progress });
  };
  return new Uploads({ outbox, blobs, tus, guard, tell, arrived: (...both) => files.shown.part?.media.alias(...both) });
}
