// What is used where no part can be asked for: functions that come with the first group (groups.js), and `pruning`, the
// part (lazy.js) that makes room on a full disk (prune.js).

export const late = {};
