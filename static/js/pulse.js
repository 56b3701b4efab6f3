// A worker: its clock goes on when the browser slows down the timers of a tab nobody looks at.
setInterval(() => postMessage(null), 4000);
