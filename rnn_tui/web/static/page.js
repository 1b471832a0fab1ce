// Before textual.js, which makes the terminal once all is loaded, and knows nothing of why it ended.
"use strict";
const MOST_SENT = 65536;  // characters in a message: a longer paste would close the page
const terminal = document.getElementById("terminal");
const notice = document.getElementById("notice");
terminal.dataset.sessionWebsocketUrl = location.origin.replace(/^http/, "ws") + terminal.dataset.sessionWebsocketUrl;

const focusOnTerminal = () => document.querySelector(".xterm-helper-textarea")?.focus();
window.addEventListener("focus", focusOnTerminal);

window.WebSocket = class extends WebSocket {
  constructor(address) {
    super(address);
    this.addEventListener("open", () => {
      focusOnTerminal();
      this.send(JSON.stringify([document.hasFocus() ? "focus" : "blur"]));
    });
    this.addEventListener("close", (event) => {
      document.getElementById("why").textContent = event.reason || "The connection to rnn-tui serve is lost.";
      document.body.classList.add("-closed");  // now, or the button could not have the focus yet
      document.getElementById("again").focus();
    });
  }
  send(message) {
    if (message.length > MOST_SENT) {
      notice.textContent = "That is too long to be pasted.";
      notice.hidden = false;
      setTimeout(() => { notice.hidden = true; }, 5000);
    } else if (this.readyState === WebSocket.OPEN) {
      super.send(message);
    }
  }
};
document.getElementById("again").addEventListener("click", () => location.reload());

// Downloads without an empty tab; other pages without a way back to this one.
window.open = (address) => {
  const url = new URL(address, location);
  if (!/^https?:$/.test(url.protocol)) return null;
  const link = document.createElement("a");
  link.href = url.href;
  link.rel = "noopener noreferrer";
  if (url.origin === location.origin && url.pathname.startsWith("/download/")) link.download = "";
  else link.target = "_blank";
  link.click();
  return null;
};

// Beyond this computer's own addresses browsers keep the clipboard from pages without encryption; the
// terminal would stop at the first copy.
if (!navigator.clipboard) {
  const writeText = async (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    focusOnTerminal();
  };
  Object.defineProperty(navigator, "clipboard", { value: { readText: async () => "", writeText } });
}
