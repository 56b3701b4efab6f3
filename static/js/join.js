// Where a link into a group leads: its token goes on to the chats, or waits in this tab until somebody has signed in.

const KEY = "join";
const chats = document.getElementById("join-chats");

function token() {
  const told = location.hash.slice(1);
  try {
    if (told) sessionStorage.setItem(KEY, told);
    const kept = told || sessionStorage.getItem(KEY);
    if (chats) sessionStorage.removeItem(KEY);
    return kept;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return told;
  }
}

const found = token();
if (chats) location.replace(found ? `${chats.href}#join/${found}` : chats.href);
