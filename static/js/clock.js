// The server's time as far as this page can tell: a computer's own clock may be days off, and messages carry the
// server's. Set at every welcome.

let ahead = 0;

export const now = () => Date.now() + ahead;
export const setServerTime = (time) => (ahead = time - Date.now());
