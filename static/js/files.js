// The seam between chats and their files. What brings them up, shows them or lets them be picked comes when it is first
// needed: most visits never do.

import { now } from "./clock.js";
import { Lazy } from "./lazy.js";
import { FILES } from "./parts.js";

// As long as no server has told others.
const LIMITS = { max_attachments: 10, max_attachment_bytes: 100_000_000 };
// Other tabs are told how far it is so often.
const TELL_MS = 200;

// What cannot be loaded is tried again by whoever needs it next.
const part = (files, make) => new Lazy({ files, make, say: () => {} });

export class Files {
  constructor(sync) {
    Object.assign(this, { sync, limits: LIMITS, toldAt: 0 });
    const { handle } = sync.database;
    this.shown = part(FILES.shown, ({ Media, Blobs, ...views }) => this.#makeViews(views, new Media({ blobs: new Blobs(handle), now })));
    this.tray = part(FILES.tray, ({ Tray, Blobs }) => new Tray({ files: this, blobs: new Blobs(handle) }));
    this.uploads = part(FILES.uploads, (exports) => this.#makeUploads(exports));
  }

  // As the server tells them at each welcome.
  allow(limits) {
    this.limits = { ...this.limits, ...limits };
  }

  // `fill(list)`: the pictures that are drawn there.
  #makeViews(views, media) {
    return { ...views, media, fill: (list) => media.watch(list.querySelectorAll(".picture:not([data-watched])")) };
  }

  // For the outbox (its `uploads`)

  async begin(item) {
    const uploads = this.uploads.part ?? (await this.uploads.get());
    if (this.sync.outbox.isOnline()) uploads?.begin(item);
  }

  cancel(item) {
    this.uploads.part?.cancel(item);
  }

  pause() {
    this.uploads.part?.pause();
  }

  #makeUploads({ Uploads, Blobs, tus }) {
    const { outbox, database } = this.sync;
    const guard = (work) => this.sync.guard(work);
    const blobs = new Blobs(database.handle);
    guard(() => blobs.sweep());
    return new Uploads({ outbox, blobs, tus, guard, tell: (...progress) => this.#tell(progress), arrived: (...both) => this.shown.part?.media.alias(...both) });
  }

  #tell(progress) {
    this.sync.outbox.progressed(...progress);
    const at = performance.now();
    if (at - this.toldAt < TELL_MS) return;
    this.toldAt = at;
    this.sync.peers.tell({ t: "outbox", progress });
  }
}
