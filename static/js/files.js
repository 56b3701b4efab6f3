// The seam between chats and their files. What brings them up, shows them or lets them be picked is loaded when it is
// first needed: most visits never do.

import { now } from "./clock.js";

// As long as no server has told others.
const LIMITS = { max_attachments: 10, max_attachment_bytes: 100_000_000 };
// Other tabs are told how far it is so often.
const TELL_MS = 200;

export class Files {
  constructor(sync) {
    Object.assign(this, { sync, limits: LIMITS, loading: new Map(), toldAt: 0 });
  }

  // As the server tells them at each welcome.
  allow(limits) {
    this.limits = { ...this.limits, ...limits };
  }

  // What `make` makes, once; what could not be loaded may be another time.
  #once(name, make) {
    if (!this.loading.has(name)) {
      const made = make().then((value) => (this[name] = value));
      made.catch(() => this.loading.delete(name));
      this.loading.set(name, made);
    }
    return this.loading.get(name);
  }

  // Of drafts and unsent messages.
  loadBlobs() {
    return this.#once("blobs", async () => {
      const { Blobs } = await import("./blobs.js");
      return new Blobs(this.sync.database.handle);
    });
  }

  // Of what the server has, and previews of what it does not have yet.
  loadMedia() {
    return this.#once("media", async () => {
      const [{ Media }, blobs] = await Promise.all([import("./media.js"), this.loadBlobs()]);
      return new Media({ blobs, now });
    });
  }

  // How what is rarely seen looks: tray, drop zone, lightbox.
  loadLook() {
    return this.#once("look", async () => {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: document.getElementById("app").dataset.look });
      const loaded = new Promise((resolve, reject) => Object.assign(link, { onload: resolve, onerror: () => reject(new TypeError("no style")) }));
      document.head.append(link);
      await loaded;
      return link;
    });
  }

  // For the composer

  loadPicks(say) {
    return this.#once("picks", async () => {
      const [{ Picks }, blobs] = await Promise.all([import("./picks.js"), this.loadBlobs()]);
      return new Picks({ files: this, blobs, say });
    });
  }

  loadTray(onRemove) {
    return this.#once("tray", async () => {
      const [{ TrayView }] = await Promise.all([import("./views/tray.js"), this.loadLook()]);
      return new TrayView({ fill: (list) => this.fill(list), onRemove });
    });
  }

  loadLightbox(onDownload) {
    return this.#once("lightbox", async () => {
      const [{ Lightbox }, media] = await Promise.all([import("./views/lightbox.js"), this.loadMedia(), this.loadLook()]);
      return new Lightbox({ media, onDownload });
    });
  }

  // For the thread: what it draws of pictures is filled in.
  fill(list) {
    const boxes = list.querySelectorAll(".picture:not([data-watched])");
    if (!boxes.length) return;
    if (this.media) this.media.watch(boxes);
    else this.loadMedia().then((media) => media.watch(boxes));
  }

  // For the outbox (its `uploads`)

  begin(item) {
    if (this.uploads) this.uploads.begin(item);
    else this.#loadUploads().then((uploads) => this.sync.outbox.isOnline() && uploads.begin(item));
  }

  cancel(item) {
    this.uploads?.cancel(item);
  }

  pause() {
    this.uploads?.pause();
  }

  #loadUploads() {
    const { outbox } = this.sync;
    return this.#once("uploads", async () => {
      const [{ Uploads }, tus, blobs] = await Promise.all([import("./uploads.js"), import("./tus.js"), this.loadBlobs()]);
      const guard = (work) => this.sync.guard(work);
      guard(() => blobs.sweep());
      return new Uploads({ outbox, blobs, tus, guard, tell: (...progress) => this.#tell(progress), arrived: (...both) => this.media?.alias(...both) });
    });
  }

  #tell(progress) {
    this.sync.outbox.progressed(...progress);
    const at = performance.now();
    if (at - this.toldAt < TELL_MS) return;
    this.toldAt = at;
    this.sync.peers.tell({ t: "outbox", progress });
  }
}
